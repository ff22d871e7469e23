//! A plugin in Rust: the ABI of ganger/plugin.h as it is, with the standard library and nothing else.
use std::os::raw::{c_char, c_void};
use std::{panic, ptr, slice, str};

// From ganger/plugin.h, in its order. Structs that the host allocates may end where this plugin needs no more of them.

const GANGER_OK: i32 = 0;
const GANGER_BAD_PARAM: i32 = 5;
const GANGER_BUG: i32 = 9;
const GANGER_LOG_INFO: i32 = 2;
const GANGER_I64: u32 = 2;
const GANGER_STR: u32 = 4;
const GANGER_PARAM_REQUIRED: u32 = 1;
const GANGER_TASK_IDEMPOTENT: u32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    p: *const c_char,
    n: u64,
}

#[repr(C)]
union Payload {
    i: i64,
    f: f64,
    s: Str,
}

#[repr(C)]
struct Value {
    kind: u32,
    reserved: u32,
    u: Payload,
}

#[repr(C)]
struct Context {
    opaque: [u8; 0],
}

#[repr(C)]
struct Param {
    struct_size: u32,
    kind: u32,
    flags: u32,
    reserved: u32,
    name: *const c_char,
    help: *const c_char,
    def: *const c_char,
    choices: *const c_char,
}

#[repr(C)]
struct Host {
    struct_size: u32,
    abi_minor: u32,
    name: *const c_char,
    version: *const c_char,
    get_interface: extern "C" fn(*const c_char) -> *const c_void,
    log: extern "C" fn(*mut Context, i32, Str),
    fail: extern "C" fn(*mut Context, i32, Str) -> i32,
    stop_reason: extern "C" fn(*mut Context) -> i32,
    stop_fd: extern "C" fn(*mut Context) -> i32,
    deadline_ns: extern "C" fn(*mut Context) -> i64,
    on_stop: extern "C" fn(*mut Context, extern "C" fn(*mut c_void), *mut c_void) -> u64,
    off_stop: extern "C" fn(*mut Context, u64),
    progress: extern "C" fn(*mut Context, u64, u64, Str),
    param: extern "C" fn(*mut Context, *const c_char, u64, *mut Value) -> i32,
    input: extern "C" fn(*mut Context, *const c_char, *const c_char, *mut Value) -> i32,
    output: extern "C" fn(*mut Context, *const c_char, *const Value) -> i32,
}

#[repr(C)]
struct Task {
    struct_size: u32,
    flags: u32,
    name: *const c_char,
    summary: *const c_char,
    params: *const *const Param,
    needs: *const *const c_void,
    user: *mut c_void,
    check: Option<extern "C" fn(&Host, *mut Context, *mut c_void) -> i32>,
    run: extern "C" fn(&Host, *mut Context, *mut c_void) -> i32,
}

#[repr(C)]
struct Plugin {
    struct_size: u32,
    abi_minor: u32,
    min_host_minor: u32,
    reserved: u32,
    id: *const c_char,
    version: *const c_char,
    license: *const c_char,
    tasks: *const *const Task,
    pool_kinds: *const *const c_void,
    init: Option<extern "C" fn(&Host) -> i32>,
    deinit: Option<extern "C" fn()>,
}

/// A description, which never changes and may be read from any thread.
#[repr(transparent)]
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

/// Text for the host, which copies it.
fn text(s: &str) -> Str {
    Str { p: s.as_ptr() as *const c_char, n: s.len() as u64 }
}

/// A literal that ends with NUL, as C has them.
const fn c(s: &str) -> *const c_char {
    s.as_ptr() as *const c_char
}

/// What the task is about: how many words there are, and the longest of them.
fn tally(words: &str) -> (i64, &str) {
    let longest = words.split_whitespace().max_by_key(|w| w.chars().count());
    (words.split_whitespace().count() as i64, longest.unwrap_or(""))
}

fn run_words(host: &Host, ctx: *mut Context) -> i32 {
    let mut given = Value { kind: 0, reserved: 0, u: Payload { i: 0 } };
    let status = (host.param)(ctx, c("text\0"), 0, &mut given);
    if status != GANGER_OK {
        return (host.fail)(ctx, status, text("no parameter 'text'"));
    }
    // A GANGER_STR is valid UTF-8 of n bytes, until run() returns.
    let given = unsafe { slice::from_raw_parts(given.u.s.p as *const u8, given.u.s.n as usize) };
    let (count, longest) = match str::from_utf8(given) {
        Ok(words) => tally(words),
        Err(_) => return (host.fail)(ctx, GANGER_BAD_PARAM, text("'text' is not UTF-8")),
    };

    (host.log)(ctx, GANGER_LOG_INFO, text(&format!("{count} words, the longest one: {longest}")));
    let words = Value { kind: GANGER_I64, reserved: 0, u: Payload { i: count } };
    let longest = Value { kind: GANGER_STR, reserved: 0, u: Payload { s: text(longest) } };
    match (host.output)(ctx, c("words\0"), &words) {
        GANGER_OK => (host.output)(ctx, c("longest\0"), &longest),
        failed => failed,
    }
}

/// What the host calls: no panic may leave it.
extern "C" fn words(host: &Host, ctx: *mut Context, _user: *mut c_void) -> i32 {
    panic::catch_unwind(panic::AssertUnwindSafe(|| run_words(host, ctx)))
        .unwrap_or_else(|_| (host.fail)(ctx, GANGER_BUG, text("a panic; see stderr")))
}

static TEXT: Shared<Param> = Shared(Param {
    struct_size: std::mem::size_of::<Param>() as u32,
    kind: GANGER_STR,
    flags: GANGER_PARAM_REQUIRED,
    reserved: 0,
    name: c("text\0"),
    help: c("whose words to count\0"),
    def: ptr::null(),
    choices: ptr::null(),
});
static PARAMS: Shared<[*const Param; 2]> = Shared([&TEXT.0, ptr::null()]);

static WORDS: Shared<Task> = Shared(Task {
    struct_size: std::mem::size_of::<Task>() as u32,
    flags: GANGER_TASK_IDEMPOTENT,
    name: c("words\0"),
    summary: c("Counts the words of a text\0"),
    params: &PARAMS.0 as *const _,
    needs: ptr::null(),
    user: ptr::null_mut(),
    check: None,
    run: words,
});
static TASKS: Shared<[*const Task; 2]> = Shared([&WORDS.0, ptr::null()]);

static PLUGIN: Shared<Plugin> = Shared(Plugin {
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi_minor: 0,
    min_host_minor: 0,
    reserved: 0,
    id: c("tally\0"),
    version: c("1.0.0\0"),
    license: c("Apache-2.0\0"),
    tasks: &TASKS.0 as *const _,
    pool_kinds: ptr::null(),
    init: None,
    deinit: None,
});

#[no_mangle]
extern "C" fn ganger_plugin_v1(_host: *const c_void) -> *const c_void {
    &PLUGIN.0 as *const Plugin as *const c_void
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_words_and_finds_the_longest() {
        assert_eq!(super::tally("  how now,\tbrown  cow "), (4, "brown"));
        assert_eq!(super::tally(""), (0, ""));
    }
}
