#include "run.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <ganger/utf8.hpp>
#include <string>
#include <variant>
#include <vector>

#include "capture.h"
#include "command.h"
#include "found_outputs.h"
#include "line_log.h"
#include "watch.h"

namespace ganger::exec {

namespace {

// Together less than what a host takes as outputs of one task (64 KiB), their names included.
constexpr std::size_t kMostOut = 32 * 1024;
constexpr std::size_t kMostErr = 8 * 1024;
constexpr std::size_t kMostFound = 20 * 1024;
/// Of stdout, when outputs are looked for in it.
constexpr std::size_t kMostToSearch = 1024 * 1024;
/// What a file takes at least: more than the text has, so that it is worth a file.
constexpr std::int64_t kLeastOutput = 64 * 1024;

constexpr std::size_t kMostOfNameShown = 60;
constexpr std::int64_t kMostCode = 255;

[[noreturn]] void refuse(const std::string& why) { throw error(GANGER_BAD_PARAM, why); }

/// What the system ends texts with cannot be in one.
void refuse_nul(const std::string& text, const std::string& of) {
  if (text.find('\0') != std::string::npos)
    refuse(of + " holds a NUL, which no command can be given; write it to a file");
}

void check_words(const std::vector<std::string>& argv, const std::string& shell) {
  if (argv.empty() && shell.empty())
    refuse("there is nothing to run; give argv, a program and its arguments, or shell, a command line");
  if (!argv.empty() && !shell.empty()) refuse("both argv and shell are given; give one of them");
  if (!argv.empty() && argv[0].empty()) refuse("the first word of argv is empty; it is the program");
  for (const auto& word : argv) refuse_nul(word, "a word of argv");
  refuse_nul(shell, "shell");
}

void check_env(const std::vector<std::string>& env) {
  for (const auto& variable : env) {
    refuse_nul(variable, "env");
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos)
      refuse("env has '" + printable(variable.substr(0, kMostOfNameShown)) + "'; give NAME=VALUE");
  }
}

Command command_of(const ctx& c) {
  Command command;
  command.words = c.get_list<std::string>("argv");
  if (command.words.empty()) command.words = {"/bin/sh", "-c", c.get<std::string>("shell")};
  command.env = c.get_list<std::string>("env");
  command.cwd = c.get<std::filesystem::path>("cwd").string();
  command.input = c.get<std::string>("stdin");
  return command;
}

/// What a message calls the command: its program, or the beginning of the line for the shell.
std::string title_of(const ctx& c, const Command& command) {
  const auto shell = c.get<std::string>("shell");
  std::string title = printable(shell.empty() ? command.words[0] : shell);
  if (title.size() > kMostOfNameShown) {
    std::size_t end = kMostOfNameShown;
    while (end > 0 && (static_cast<unsigned char>(title[end]) & 0xC0) == 0x80) --end;
    title = title.substr(0, end) + "...";
  }
  return "'" + title + "'";
}

std::string name_of_signal(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(number);
}

std::string joined(const std::vector<std::int64_t>& codes) {
  std::string all;
  for (const auto code : codes) all += (all.empty() ? "" : ", ") + std::to_string(code);
  return all;
}

void set_found(const ctx& c, const FoundOutputs& found) {
  for (const auto& line : found.left_out) c.warn(line);
  std::size_t bytes = 0;
  for (const auto& output : found.all) {
    const auto* text = std::get_if<std::string>(&output.value);
    bytes += output.name.size() + (text != nullptr ? text->size() : sizeof(ganger_value));
  }
  if (bytes > kMostFound)
    throw error("the outputs in stdout come to " + std::to_string(bytes) + " bytes, more than the " +
                std::to_string(kMostFound) + " that there is room for; write long ones to files");
  for (const auto& output : found.all)
    std::visit([&](const auto& value) { c.out(output.name.c_str(), value); }, output.value);
}

/// The outputs of a command that has ended well.
void set_outputs(const ctx& c, const CommandEnd& end, const Capture& out, const Capture& err) {
  if (const auto form = c.get<std::string>("outputs"); form != "none") {
    if (!out.is_full_text_whole())
      throw error("stdout has " + std::to_string(out.bytes()) + " bytes, more than the " +
                  std::to_string(kMostToSearch) + " that are searched for outputs");
    set_found(c, form == "env" ? outputs_of_lines(out.full_text()) : outputs_of_json(out.full_text()));
  }
  c.out("code", end.code);
  c.out("stdout", out.text());
  c.out("stderr", err.text());
  // A file that has a hole is no output: whatever reads it would take it for all.
  if (!out.file().empty() && out.is_file_whole()) c.out("stdout_file", out.file());
  if (!err.file().empty() && err.is_file_whole()) c.out("stderr_file", err.file());
}

void warn_of_hole(const ctx& c, const char* stream, const Capture& capture, std::uint64_t limit) {
  if (capture.file().empty() || capture.is_file_whole()) return;
  c.warn(std::string(stream) + " has " + std::to_string(capture.bytes()) + " bytes, more than the " +
         std::to_string(limit) + " of most_output: there is no output " + stream +
         "_file, and only its beginning and its end are in " + printable(capture.file().string()) +
         ", until the run has finished");
}

void warn_of_rest(const ctx& c, const std::string& title, const CommandEnd& end) {
  if (end.left_behind > 0)
    c.warn(title + " left " + std::to_string(end.left_behind) +
           (end.left_behind == 1 ? " process behind; it was ended" : " processes behind; they were ended"));
  if (end.is_output_still_open)
    c.warn("the output of " + title + " is still held open by a process that could not be found");
}

void throw_if_failed(const ctx& c, const std::string& title, const CommandEnd& end, const LineLog& err) {
  const auto expect = c.get_list<std::int64_t>("expect");
  std::string how;
  if (end.code < 0)
    how = " has ended, and how is not known: something else in this process has waited for it";
  else if (end.signal != 0)
    how = " was ended by " + name_of_signal(end.signal);
  else if (std::find(expect.begin(), expect.end(), end.code) == expect.end())
    how = " ended with exit code " + std::to_string(end.code) +
          (expect == std::vector<std::int64_t>{0} ? "" : " (expected: " + joined(expect) + ")");
  if (how.empty()) return;
  const std::string said = err.last_lines();
  throw error(title + how + (said.empty() ? "" : ": " + said));
}

}  // namespace

void Run::check(const ctx& c) {
  check_words(c.get_list<std::string>("argv"), c.get<std::string>("shell"));
  check_env(c.get_list<std::string>("env"));
  refuse_nul(c.get<std::filesystem::path>("cwd").string(), "cwd");
  const auto expect = c.get_list<std::int64_t>("expect");
  if (expect.empty()) refuse("expect is empty; give the exit codes that are no failure, such as 0");
  for (const auto code : expect)
    if (code < 0 || code > kMostCode)
      refuse("expect has " + std::to_string(code) + "; an exit code is 0 to " + std::to_string(kMostCode));
  if (c.get<std::chrono::nanoseconds>("kill_after").count() < 0) refuse("kill_after is negative; 0 kills at once");
  if (c.get<std::int64_t>("most_output") < kLeastOutput) refuse("most_output is too small; give at least 64KiB");
}

void Run::run(const ctx& c) {
  check(c);
  c.throw_if_stopped();
  const Command command = command_of(c);
  const std::string title = title_of(c, command);
  const bool is_searched = c.get<std::string>("outputs") != "none";
  const auto folder = [&] { return c.work_dir(); };
  const auto most_output = static_cast<std::uint64_t>(c.get<std::int64_t>("most_output"));
  Capture out("stdout", {kMostOut, is_searched ? kMostToSearch : 0, most_output}, folder);
  Capture err("stderr", {kMostErr, 0, most_output}, folder);
  LineLog out_log(c, GANGER_LOG_INFO, "stdout"), err_log(c, GANGER_LOG_WARN, "stderr");
  const auto take_out = [&](std::string_view bytes) {
    out.add(bytes);
    out_log.add(bytes);
  };
  const auto take_err = [&](std::string_view bytes) {
    err.add(bytes);
    err_log.add(bytes);
  };

  Watch watch(c, command, c.get<std::chrono::nanoseconds>("kill_after"), take_out, take_err);
  const CommandEnd end = watch.run();

  out_log.finish();
  err_log.finish();
  if (end.was_stopped) throw stopped();
  warn_of_rest(c, title, end);
  throw_if_failed(c, title, end, err_log);
  out.finish();
  err.finish();
  warn_of_hole(c, "stdout", out, most_output);
  warn_of_hole(c, "stderr", err, most_output);
  set_outputs(c, end, out, err);
}

}  // namespace ganger::exec
