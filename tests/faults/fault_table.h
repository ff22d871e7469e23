// The rows of the fault matrix, and a table of what the tests have found of them.
#pragma once
#include <array>
#include <string>
#include <vector>

namespace ganger::host::test {

/// A row of the matrix. Its tests are those of the suites E01InProcess and E01Isolated; a side that has none says
/// why.
struct Row {
  const char* id;
  const char* fault;
  const char* not_in_process = nullptr;
  const char* not_isolated = nullptr;
};

inline constexpr std::array<Row, 34> kRows = {{
    {"E01", "throws an exception, of whatever type"},
    {"E02", "SIGSEGV, SIGBUS, SIGFPE"},
    {"E03", "`abort()`, `std::terminate` in a thread of its own"},
    {"E04", "`exit(0)`, `_exit(0)`"},
    {"E05", "stack overflow"},
    {"E06", "endless loop that looks whether to stop"},
    {"E07", "endless loop that never looks"},
    {"E08", "ignores SIGTERM, blocks signals", "nobody sends it signals there"},
    {"E09", "leaves a process, with and without a session of its own"},
    {"E10", "takes all memory"},
    {"E11", "leaks a lease"},
    {"E12", "gives back twice, or what it made up"},
    {"E13", "uses a lease after its run"},
    {"E14", "`open` of a pool fails, throws, hangs"},
    {"E15", "`check` or `reset` of a pool fails"},
    {"E16", "two tasks borrow from two pools in opposite order"},
    {"E17", "many borrow from one place and are cancelled"},
    {"E18", "wrong ABI, descriptions that are wrong"},
    {"E19", "files that are no plugins; missing libraries and functions"},
    {"E20", "constructors that hang, crash, exit, change the process"},
    {"E21", "two plugins of one id; of the same class names"},
    {"E22", "garbage, huge, half and unknown frames; closes the channel", "there is no channel"},
    {"E23", "floods log, progress, streams"},
    {"E24", "prints to stdout and stderr, closes them"},
    {"E25", "kill -9 of the host after every durable step"},
    {"E26", "kill -9 of a child", "there is no child"},
    {"E27", "disk full, I/O error, read-only journal"},
    {"E28", "no descriptors, threads, processes left"},
    {"E29", "the clock on the wall jumps"},
    {"E30", "interrupts, stop and continue, closed output"},
    {"E31", "deadline of the run while a task hangs"},
    {"E32", "plugin file replaced during the run"},
    {"E33", "journal older, newer or damaged"},
    {"E34", "static destructor hangs or crashes"},
}};

/// What has come of a test: `result` is empty before it has run.
struct Tested {
  std::string suite, name, result;
};

/// Those of this program that belong to rows, in order.
std::vector<Tested> all_tested();

/// "ASegfaultEndsTheHost" is "a segfault ends the host".
std::string sentence_of(const std::string& name);

/// The table in Markdown, a line each.
std::vector<std::string> table_of(const std::vector<Tested>& all);

/// The lines of `text` between the markers of the table.
std::vector<std::string> table_in(const std::string& text);
/// `text` with another table between its markers; empty when it has none.
std::string with_table(const std::string& text, const std::vector<std::string>& table);

/// A line of the table without results, which differ between machines.
std::string without_results(std::string line);

}  // namespace ganger::host::test
