//! Lets the linkers of macOS accept a library whose symbols the interpreter of Python has.

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
