//! The order of the modules of each crate that has folders.

/// The top-level modules of a crate, from the bottom to the top; modules of one level may import each other.
type Order = &'static [&'static [&'static str]];

/// The orders, by crate.
pub(super) const ORDERS: [(&str, Order); 11] = [
    ("deepcross-autodiff", AUTODIFF),
    ("deepcross-cli", CLI),
    ("deepcross-collective", COLLECTIVE),
    ("deepcross-data", DATA),
    ("deepcross-features", FEATURES),
    ("deepcross-model", MODEL),
    ("deepcross-optim", OPTIM),
    ("deepcross-profile", PROFILE),
    ("deepcross-report", REPORT),
    ("deepcross-train", TRAIN),
    ("deepcross-tune", TUNE),
];

const AUTODIFF: Order = &[
    &["mode"],
    &["int8_weight", "table", "row_gradients"],
    &["packed_weights", "params", "gradients", "shared_columns"],
    &["statistics"],
    // A pass records operations, and the table of operations names them all.
    &["tape", "op", "ops", "pass", "backward"],
    &["check"],
];

const CLI: Order = &[
    &["call_error"],
    &["output", "output_names", "signals"],
    &["ranks"],
    &["warnings"],
    &["inputs", "arguments"],
    &["text"],
    &["pages"],
    &["progress"],
    &["steps"],
    &["commands"],
    &["cli"],
];

const COLLECTIVE: Order = &[
    // A message of an error names a channel, and a communicator returns errors.
    &["communicator", "error"],
    &["collectives", "counted", "mpi", "solo", "threads"],
];

const DATA: Order = &[
    &["limits", "message", "random", "parallel", "ranks"],
    &["config"],
    &["place", "error"],
    &["input"],
    &["rows"],
    &["output"],
    &["formats"],
    &["source"],
    &["encode"],
    &["cache"],
    &["shuffle"],
    &["split"],
    &["convert", "find_files"],
];

const FEATURES: Order = &[
    &["decimal", "missing_spellings"],
    &["blanks", "error", "keys", "limits", "problem", "suggest"],
    &["batch", "counts"],
    &["times"],
    &["raw"],
    &["json"],
    &["lookup", "smoothing"],
    &["description"],
    &["kind"],
    &["companion"],
    &["kinds"],
    &["config", "state"],
    &["encoder"],
    &["field_fitter"],
    &["fitter"],
];

const MODEL: Order = &[
    &["error", "mean_logit", "memory", "config"],
    &["artifact"],
    &["stack", "graph"],
    &["network"],
    &["erased"],
    &["model_spec"],
    &["kinds"],
    &["model"],
    &["predictor", "seen_inputs", "training_summary", "value_change"],
    &["header"],
    &["trained_model"],
    &["quantisation"],
    &["neighbours", "scoring", "interchange"],
];

const OPTIM: Order = &[
    &["square_sum"],
    &["rules"],
    &["step", "config", "error"],
    &["dense_step", "merged_rows", "table_step", "idle"],
    &["optimizer"],
];

const PROFILE: Order = &[
    &["error", "examples", "number_text", "present_value"],
    &["guess_format"],
    &["profile"],
    &["infer"],
    &["crosses"],
    &["unseen"],
    &["first_sizes"],
    &["file_profile", "first_config"],
    &["report"],
];

const REPORT: Order =
    &[&["markup"], &["scale", "figure", "table"], &["chart"], &["plots"], &["section", "report"]];

const TRAIN: Order = &[
    &["objective", "diagnosis", "member_place", "table_columns"],
    &["warning", "rank_traffic"],
    &["error"],
    &["event", "options"],
    &["config_file"],
    &["ranks"],
    &["checkpoint"],
    &["run"],
    &["average"],
    &[
        "encode",
        "prediction",
        "calibration",
        "quantise",
        "importance",
        "groups",
        "evaluation_report",
    ],
    &["slices"],
    &["compare", "trained_run", "pages"],
    &["ensemble"],
];

const TUNE: Order = &[
    &["error", "clock", "queue"],
    &["space"],
    &["sample", "rungs"],
    &["record", "value_check"],
    &["trial", "journal", "importance"],
    &["event"],
    &["cache_store", "final_rows"],
    &["runner"],
    &["search", "final_comparison"],
    &["tuned"],
    &["sentences"],
    &["page"],
    &["outputs"],
    &["tune"],
];
