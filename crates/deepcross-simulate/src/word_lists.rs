//! The word lists of queries and ads: stems by topic, endings, and words that show an attitude.

/// The number of topics.
pub(crate) const N_TOPICS: usize = 12;

/// The number of stems of one topic.
pub(crate) const STEMS_PER_TOPIC: usize = 24;

/// The stems of each topic; each forms its plural with `s`.
#[rustfmt::skip]
pub(crate) const STEMS: [[&str; STEMS_PER_TOPIC]; N_TOPICS] = [
    // Travel.
    ["flight", "hotel", "cruise", "resort", "holiday", "airline", "ticket", "hostel", "island", "safari", "tour", "visa",
     "airport", "suitcase", "villa", "hike", "passport", "trip", "backpack", "ferryboat", "lodge", "voyage", "motel", "getaway"],
    // Fashion.
    ["shoe", "gown", "jacket", "sneaker", "sandal", "jean", "shirt", "skirt", "coat", "sweater", "boot", "handbag",
     "bonnet", "glove", "belt", "blouse", "hoodie", "legging", "necklace", "bracelet", "earring", "tuxedo", "heel", "cardigan"],
    // Electronics.
    ["laptop", "phone", "tablet", "camera", "printer", "monitor", "keyboard", "headphone", "speaker", "router", "charger", "console",
     "drone", "projector", "scanner", "gadget", "microphone", "webcam", "processor", "television", "earbud", "modem", "notebook", "adapter"],
    // Cars.
    ["car", "truck", "tyre", "engine", "brake", "sedan", "minivan", "motorbike", "scooter", "piston", "bumper", "windscreen",
     "axle", "pickup", "trailer", "wagon", "roadster", "headlight", "carburettor", "radiator", "wheel", "dashboard", "exhaust", "spoiler"],
    // Finance.
    ["loan", "mortgage", "credit", "insurance", "pension", "investment", "account", "broker", "dividend", "bond", "saving", "deposit",
     "debit", "lender", "refund", "invoice", "wallet", "stock", "interest", "budget", "overdraft", "payment", "lease", "fund"],
    // Home and garden.
    ["sofa", "table", "lamp", "curtain", "carpet", "duvet", "wardrobe", "bookcase", "armchair", "cushion", "mirror", "lawnmower",
     "greenhouse", "planter", "fountain", "barbecue", "fence", "gazebo", "blind", "cabinet", "drawer", "pillow", "faucet", "chandelier"],
    // Health.
    ["vitamin", "dentist", "clinic", "therapist", "doctor", "massage", "supplement", "allergen", "implant", "optician", "vaccine", "bandage",
     "thermometer", "pharmacist", "surgeon", "spectacle", "painkiller", "ointment", "wheelchair", "diet", "checkup", "nutrient", "inhaler", "hospital"],
    // Education.
    ["course", "degree", "tutor", "college", "diploma", "lesson", "exam", "scholarship", "textbook", "seminar", "workshop", "certificate",
     "lecture", "teacher", "lecturer", "bootcamp", "grammar", "language", "essay", "professor", "module", "classroom", "student", "kindergarten"],
    // Food.
    ["pizza", "burger", "recipe", "restaurant", "chocolate", "coffee", "wine", "cheese", "muffin", "noodle", "salad", "smoothie",
     "bagel", "steak", "kebab", "taco", "pancake", "cupcake", "espresso", "cocktail", "sausage", "biscuit", "dumpling", "yoghurt"],
    // Games.
    ["game", "puzzle", "arcade", "casino", "joystick", "quest", "solitaire", "dungeon", "avatar", "chessboard", "simulator", "racer",
     "shooter", "poker", "jackpot", "domino", "tournament", "gamepad", "wizard", "dragon", "leaderboard", "emulator", "crossword", "riddle"],
    // Property.
    ["house", "apartment", "condo", "rental", "landlord", "cottage", "studio", "penthouse", "bungalow", "maisonette", "townhouse", "tenant",
     "realtor", "annexe", "mansion", "garage", "basement", "renovation", "plumber", "roofer", "estate", "farmhouse", "loft", "architect"],
    // Pets.
    ["dog", "cat", "beagle", "kitten", "aquarium", "hamster", "parrot", "rabbit", "muzzle", "collar", "kennel", "groomer",
     "terrier", "poodle", "parakeet", "dachshund", "birdcage", "vet", "spaniel", "hedgehog", "tortoise", "saddle", "feeder", "retriever"],
];

/// The traits of a topic in the click model, each −1 or +1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    /// Whether the topic is sought in spare time (+1) or in office hours (−1).
    pub(crate) leisure: f64,
    /// Whether the topic is sought on the way (+1) or at a desk (−1).
    pub(crate) on_the_go: f64,
    /// Whether the topic is for people in mid-life (+1) or for young and old people (−1).
    pub(crate) mid_life: f64,
}

const fn traits(leisure: f64, on_the_go: f64, mid_life: f64) -> Traits {
    Traits { leisure, on_the_go, mid_life }
}

/// The traits of each topic; each trait splits the impressions into about equal halves.
pub(crate) const TRAITS: [Traits; N_TOPICS] = [
    traits(1.0, -1.0, -1.0),  // Travel.
    traits(1.0, 1.0, 1.0),    // Fashion.
    traits(-1.0, 1.0, 1.0),   // Electronics.
    traits(-1.0, -1.0, 1.0),  // Cars.
    traits(-1.0, -1.0, 1.0),  // Finance.
    traits(1.0, -1.0, 1.0),   // Home and garden.
    traits(-1.0, 1.0, -1.0),  // Health.
    traits(-1.0, -1.0, -1.0), // Education.
    traits(1.0, 1.0, 1.0),    // Food.
    traits(1.0, 1.0, -1.0),   // Games.
    traits(-1.0, -1.0, 1.0),  // Property.
    traits(1.0, 1.0, -1.0),   // Pets.
];

/// The generic word of each topic, with which an ad may end whatever it sells.
pub(crate) const GENERIC: [&str; N_TOPICS] = [
    "travel",
    "fashion",
    "electronics",
    "motors",
    "finance",
    "living",
    "health",
    "education",
    "food",
    "gaming",
    "property",
    "pets",
];

/// The endings of stems: a stem of a topic with an ending is a word of the topic.
pub(crate) const ENDINGS: [&str; 8] = ["", "s", "hub", "shop", "mart", "zone", "line", "store"];

/// Words of searchers who want a low price, and of the ads for them.
pub(crate) const THRIFTY: [&str; 8] =
    ["cheap", "discount", "bargain", "affordable", "sale", "lowcost", "clearance", "coupon"];

/// Words of searchers who want high quality, and of the ads for them.
pub(crate) const PREMIUM: [&str; 8] =
    ["luxury", "premium", "exclusive", "designer", "deluxe", "finest", "professional", "bespoke"];

/// Words of searchers who only want to know something.
pub(crate) const CURIOUS: [&str; 8] =
    ["review", "guide", "compare", "tips", "how", "meaning", "free", "ideas"];
