//! The header against the functions, structs and constants of the code; `cbindgen` is not needed for this.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Expr, Fields, FnArg, Item, ItemFn, Lit, Pat, ReturnType, Stmt, Type, Visibility};

/// The functions that take no pointer and cannot fail.
const WITHOUT_CALL: [&str; 3] =
    ["deepcross_last_error", "deepcross_last_error_row", "deepcross_version"];

/// The name and the type of parameters, fields or constants, in order.
type Members = Vec<(String, String)>;

/// What a header declares: functions with the type that they return, structs, and enums.
#[derive(Debug, Default, PartialEq)]
struct Declared {
    functions: BTreeMap<String, (String, Members)>,
    structs: BTreeMap<String, Members>,
    enums: BTreeMap<String, Members>,
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `InputColumn` as `input_column`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (i, letter) in name.char_indices() {
        if letter.is_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The items of the code, from all of its files.
fn items() -> Vec<Item> {
    let modules = syn::parse_file(&read("src/lib.rs")).expect("Rust").items;
    let names = modules.into_iter().filter_map(|item| match item {
        Item::Mod(module) => Some(format!("src/{}.rs", module.ident)),
        _ => None,
    });
    let files: Vec<_> = names.collect();
    assert!(files.len() > 4, "{files:?}");
    files.iter().flat_map(|file| syn::parse_file(&read(file)).expect("Rust").items).collect()
}

/// A type as C has it, without blanks.
fn c_type(of: &Type) -> String {
    match of {
        Type::Ptr(pointer) => {
            let inner = c_type(&pointer.elem);
            match (
                matches!(pointer.mutability, syn::PointerMutability::Const(_)),
                inner.ends_with('*'),
            ) {
                (true, true) => format!("{inner}const*"),
                (true, false) => format!("const{inner}*"),
                (false, _) => format!("{inner}*"),
            }
        }
        Type::Path(path) => {
            let name = path.path.segments.last().expect("a name").ident.to_string();
            let known = [
                ("c_char", "char"),
                ("c_void", "void"),
                ("f32", "float"),
                ("usize", "size_t"),
                ("u8", "uint8_t"),
                ("u32", "uint32_t"),
                ("u64", "uint64_t"),
                ("i64", "int64_t"),
            ];
            let known = known.iter().find(|(rust, _)| *rust == name);
            known.map_or_else(|| format!("deepcross_{}", snake(&name)), |(_, c)| (*c).to_owned())
        }
        _ => panic!("a type that C has not"),
    }
}

fn is_exported(function: &ItemFn) -> bool {
    function.attrs.iter().any(|attribute| {
        attribute.path().is_ident("unsafe")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "no_mangle")
    })
}

/// What the code declares for C.
fn of_code(items: &[Item]) -> Declared {
    let mut declared = Declared::default();
    for item in items {
        match item {
            Item::Fn(function) if is_exported(function) => {
                assert!(matches!(function.vis, Visibility::Public(_)));
                let signature = &function.sig;
                let returned = match &signature.output {
                    ReturnType::Default => "void".to_owned(),
                    ReturnType::Type(_, of) => c_type(of),
                };
                let parameters = signature.inputs.iter().map(|argument| match argument {
                    FnArg::Typed(argument) => match &*argument.pat {
                        Pat::Ident(name) => (name.ident.to_string(), c_type(&argument.ty)),
                        _ => panic!("a pattern"),
                    },
                    FnArg::Receiver(_) => panic!("a method"),
                });
                let all = (returned, parameters.collect());
                declared.functions.insert(signature.ident.to_string(), all);
            }
            Item::Struct(of) if is_c(&of.attrs) => {
                let Fields::Named(fields) = &of.fields else { panic!("fields without names") };
                let fields = fields.named.iter();
                let fields = fields.map(|field| {
                    (field.ident.as_ref().expect("a name").to_string(), c_type(&field.ty))
                });
                let name = format!("deepcross_{}", snake(&of.ident.to_string()));
                declared.structs.insert(name, fields.collect());
            }
            Item::Enum(of) if is_c(&of.attrs) => {
                let name = format!("deepcross_{}", snake(&of.ident.to_string()));
                let constants = of.variants.iter().map(|variant| {
                    let constant = format!("{name}_{}", snake(&variant.ident.to_string()));
                    let Some((_, Expr::Lit(value))) = &variant.discriminant else {
                        panic!("{constant} has no number")
                    };
                    let Lit::Int(value) = &value.lit else { panic!("{constant} is not a number") };
                    (constant.to_uppercase(), value.to_string())
                });
                declared.enums.insert(name.clone(), constants.collect());
            }
            _ => {}
        }
    }
    declared
}

fn is_c(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("repr")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "C")
    })
}

/// The name at the end of a declaration, and the type before it, without blanks.
fn split_name(declaration: &str) -> (String, String) {
    let declaration = declaration.trim();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let of = declaration.trim_end_matches(is_name);
    (declaration[of.len()..].to_owned(), of.split_whitespace().collect())
}

/// What the header declares.
fn of_header(header: &str) -> Declared {
    let (_, header) = header.split_once("*/").expect("a comment at the top");
    let lines = header.lines().filter(|line| !line.trim_start().starts_with(['#', '/']));
    let lines = lines.filter(|line| !line.contains("extern \"C\"") && *line != "}");
    let code = lines.collect::<Vec<_>>().join(" ");
    let mut declared = Declared::default();
    let mut rest = code.as_str();
    while let Some(end) = rest.find([';', '{']) {
        let head = rest[..end].trim();
        if rest[end..].starts_with(';') {
            if let Some((function, parameters)) = head.split_once('(') {
                let (name, returned) = split_name(function);
                let parameters = parameters.trim_end().strip_suffix(')').expect("an end");
                let parameters = parameters.split(',').map(split_name);
                let parameters: Members =
                    parameters.filter(|(name, of)| !(name == "void" && of.is_empty())).collect();
                declared.functions.insert(name, (returned, parameters));
            }
            rest = &rest[end + 1..];
            continue;
        }
        let (body, after) = rest[end + 1..].split_once('}').expect("an end");
        let (name, after) = after.split_once(';').expect("an end");
        let name = name.trim().to_owned();
        if head.contains("enum") {
            let constants = body.split(',').filter(|constant| !constant.trim().is_empty());
            let constants = constants.map(|constant| {
                let (name, value) = constant.split_once('=').expect("a number");
                (name.trim().to_owned(), value.trim().to_owned())
            });
            declared.enums.insert(name, constants.collect());
        } else {
            let fields = body.split(';').filter(|field| !field.trim().is_empty());
            declared.structs.insert(name, fields.map(split_name).collect());
        }
        rest = after;
    }
    declared
}

#[test]
fn the_header_is_that_of_the_code() {
    let (code, header) = (of_code(&items()), of_header(&read("include/deepcross.h")));
    assert!(code.functions.len() > 15 && code.structs.len() > 5 && code.enums.len() > 3);
    assert_eq!(header.functions, code.functions);
    assert_eq!(header.structs, code.structs);
    assert_eq!(header.enums, code.enums);
}

#[test]
fn every_function_has_a_comment_and_lets_no_panic_out() {
    let (mut n_functions, header) = (0, read("include/deepcross.h"));
    for item in items() {
        let Item::Fn(function) = item else { continue };
        if !is_exported(&function) {
            assert!(function.sig.abi.is_none(), "{} is not exported", function.sig.ident);
            continue;
        }
        n_functions += 1;
        let name = function.sig.ident.to_string();
        let calls = match &function.block.stmts[..] {
            [Stmt::Expr(Expr::Call(call), _)] => {
                matches!(&*call.func, Expr::Path(path) if path.path.is_ident("call"))
            }
            _ => false,
        };
        assert!(calls || WITHOUT_CALL.contains(&&*name), "{name} does not work within `call`");
        let lines: Vec<_> = header.lines().collect();
        let at = lines.iter().position(|line| line.contains(&format!("{name}(")));
        let at = at.unwrap_or_else(|| panic!("{name} is not in the header"));
        assert!(lines[at - 1].starts_with("//"), "{name} has no comment");
    }
    assert!(n_functions > 15);
}

/// The check finds what it is for.
#[test]
fn other_headers_are_not_that_of_the_code() {
    let (code, header) = (of_code(&items()), read("include/deepcross.h"));
    for (from, to) in [
        ("size_t capacity)", "uint32_t capacity)"),
        ("DEEPCROSS_STATUS_BUSY = 12", "DEEPCROSS_STATUS_BUSY = 11"),
        ("uint64_t far;", "int64_t far;"),
        ("const size_t *lengths;", ""),
        ("const char *deepcross_version(void);", ""),
        ("const deepcross_columns *shared,", "deepcross_columns *shared,"),
    ] {
        assert!(header.contains(from), "{from}");
        assert_ne!(of_header(&header.replacen(from, to, 1)), code, "{from}");
    }
}
