#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| deepcross_fuzz::jsonl(bytes));
