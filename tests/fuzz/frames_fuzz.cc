// Any bytes may come from a child: cutting them into frames and reading those must end, what is read must be what
// would be written and in range, and nothing may be kept that has not arrived. The first byte says in how large
// pieces the others come.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/isolate/child/frame.h"
#include "host/isolate/child/messages.h"
#include "host/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using namespace ganger::host;

// What messages.h says of each field.

void expect(bool is_so) {
  if (!is_so) __builtin_trap();
}

void expect_text_of_plugin(const std::string& text) { expect(text.size() <= kMostTakenBytes); }
void expect_line(const std::string& text) { expect(text.size() <= kMostTextBytes && is_printable(text)); }
void expect_path(const std::string& text) { expect(text.find('\0') == std::string::npos); }
void expect_digest(const std::string& text) { expect(text.empty() || text.size() == 64); }

void expect_value(const Value& value) {
  expect(value.type <= GANGER_SECRET);
  if (value.type == GANGER_BOOL) expect(value.i == 0 || value.i == 1);
}
void expect_values(const std::vector<Values>& all) {
  for (const Values& values : all)
    for (const Value& value : values) {
      expect(value.type != GANGER_NONE);
      expect_value(value);
    }
}

void expect_fit(const SetupMessage& m) {
  expect_path(m.plugin_file);
  expect_digest(m.digest);
  for (const PoolMessage& pool : m.pools) {
    expect(is_name(pool.name) && is_name(pool.kind) && pool.size > 0);
    expect(pool.idle_timeout_ns >= -1 && pool.max_lifetime_ns >= -1);
    expect_line(pool.interface);
    expect_path(pool.plugin_file);
    expect_digest(pool.digest);
    expect_values(pool.values);
  }
  for (const auto* paths : {&m.sandbox.read, &m.sandbox.write})
    for (const auto& path : *paths) expect_path(path.native());
  expect_path(m.writable);
  expect(m.workers > 0 && m.log_level >= GANGER_LOG_TRACE && m.log_level <= GANGER_LOG_ERROR);
}
void expect_fit(const CallMessage& m) {
  expect(is_name(m.type) && is_name(m.task) && m.attempt > 0);
  for (const std::string& name : m.secret_outputs) expect(is_name(name));
  expect_values(m.values);
}
void expect_fit(const StopMessage& m) { expect(m.reason >= GANGER_STOP_USER && m.reason <= GANGER_STOP_UPSTREAM); }
void expect_fit(const ReplyMessage& m) {
  expect_value(m.value);
  expect_text_of_plugin(m.text);
  expect(m.end <= AcquireEnd::failed && m.waited_ns >= 0);
}
void expect_fit(const ReadyMessage& m) {
  for (const auto* lines : {&m.missing, &m.ungranted})
    for (const std::string& line : *lines) expect_line(line);
}
void expect_fit(const RefusedMessage& m) {
  expect(m.status == GANGER_FAILED || m.status == GANGER_RETRY);
  expect_text_of_plugin(m.why);
}
void expect_fit(const LogMessage& m) {
  expect(m.level >= GANGER_LOG_TRACE && m.level <= GANGER_LOG_ERROR);
  expect_text_of_plugin(m.line);
}
void expect_fit(const ProgressMessage& m) { expect_text_of_plugin(m.what); }
void expect_fit(const InputMessage& m) { expect(is_name(m.task) && is_name(m.name)); }
void expect_fit(const SecretOutputMessage& m) { expect(are_outputs({{m.name, m.value}})); }
void expect_fit(const WorkDirMessage&) {}
void expect_fit(const PlaceMessage& m) { expect(m.wait_ns >= -1); }
void expect_fit(const PlaceFilledMessage& m) {
  expect(m.filling <= Filling::cut_short);
  expect_text_of_plugin(m.why);
}
void expect_fit(const PlaceBackMessage&) {}
void expect_fit(const ResultMessage& m) {
  expect(are_outputs(m.outputs));
  expect_text_of_plugin(m.why);
}

template <class Message>
void read(std::string_view payload) {
  const auto message = decode<Message>(payload);
  if (!message) return;
  expect_fit(*message);
  const auto again = decode<Message>(encode(*message));
  if (!again || encode(*again) != encode(*message)) __builtin_trap();
}

void read_as_all(std::string_view payload) {
  read<SetupMessage>(payload);
  read<CallMessage>(payload);
  read<StopMessage>(payload);
  read<ReplyMessage>(payload);
  read<ReadyMessage>(payload);
  read<RefusedMessage>(payload);
  read<LogMessage>(payload);
  read<ProgressMessage>(payload);
  read<InputMessage>(payload);
  read<SecretOutputMessage>(payload);
  read<WorkDirMessage>(payload);
  read<PlaceMessage>(payload);
  read<PlaceFilledMessage>(payload);
  read<PlaceBackMessage>(payload);
  read<ResultMessage>(payload);
}

void cut_into_frames(std::string_view stream, std::size_t piece, Side sender) {
  FrameDecoder decoder(sender);
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    decoder.feed(stream.substr(at, piece));
    for (auto frame = decoder.next(); frame && *frame; frame = decoder.next()) {
      expect((*frame)->payload.size() <= stream.size() && sender_of((*frame)->kind) == sender);
      read_as_all((*frame)->payload);
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::size_t piece = std::max<std::size_t>(bytes[0], 1);
  read_as_all(stream);
  for (const Side sender : {Side::host, Side::child}) cut_into_frames(stream, piece, sender);
  return 0;
}
