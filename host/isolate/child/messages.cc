#include "host/isolate/child/messages.h"

#include <limits>
#include <utility>

#include "host/text.h"

namespace ganger::host {

namespace {

// One pair of functions a type: write() and, in the same order, read().

void write(PayloadWriter& out, const Value& value) {
  out.number(value.type);
  if (value.is_text())
    out.text(value.text);
  else if (value.type == GANGER_F64)
    out.number(value.f);
  else
    out.number(value.i);
}

Value read_value(PayloadReader& in) {
  Value value;
  value.type = in.number<std::uint32_t>(GANGER_NONE, GANGER_SECRET);
  if (value.is_text())
    value.text = in.text();
  else if (value.type == GANGER_F64)
    value.f = in.number<double>();
  else if (value.type == GANGER_NONE || value.type == GANGER_BOOL)
    value.i = in.number<std::int64_t>(0, value.type == GANGER_BOOL ? 1 : 0);
  else
    value.i = in.number<std::int64_t>();
  return value;
}

// What the texts of messages may be; see messages.h.

std::string read_name(PayloadReader& in) {
  const std::string_view text = in.text();
  if (!is_name(text)) in.refuse();
  return std::string(text);
}

std::string read_line(PayloadReader& in) {
  const std::string_view text = in.text(kMostTextBytes);
  if (!is_printable(text)) in.refuse();
  return std::string(text);
}

std::string read_path(PayloadReader& in) {
  const std::string_view text = in.text();
  if (text.find('\0') != std::string_view::npos) in.refuse();
  return std::string(text);
}

std::string read_digest(PayloadReader& in) {
  constexpr std::size_t kDigits = 64;
  const std::string_view text = in.text(kDigits);
  const bool is_digest =
      text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!text.empty() && !is_digest) in.refuse();
  return std::string(text);
}

std::string read_text_of_plugin(PayloadReader& in) { return std::string(in.text(kMostTakenBytes)); }

std::int32_t read_log_level(PayloadReader& in) { return in.number<std::int32_t>(GANGER_LOG_TRACE, GANGER_LOG_ERROR); }

std::uint32_t read_positive(PayloadReader& in) { return in.number<std::uint32_t>(1, UINT32_MAX); }

std::int64_t read_duration_or_none(PayloadReader& in) {
  return in.number<std::int64_t>(-1, std::numeric_limits<std::int64_t>::max());
}

constexpr std::size_t kLeastValueBytes = 8;
constexpr std::size_t kLeastTextBytes = 4;

void write(PayloadWriter& out, const Values& values) {
  out.number(static_cast<std::uint32_t>(values.size()));
  for (const Value& value : values) write(out, value);
}

Values read_values(PayloadReader& in) {
  Values values;
  for (std::size_t n = in.count(kLeastValueBytes); n > 0; --n) {
    values.push_back(read_value(in));
    if (values.back().type == GANGER_NONE) in.refuse();
  }
  return values;
}

void write(PayloadWriter& out, const std::vector<Values>& all) {
  out.number(static_cast<std::uint32_t>(all.size()));
  for (const Values& values : all) write(out, values);
}

std::vector<Values> read_all_values(PayloadReader& in) {
  std::vector<Values> all;
  for (std::size_t n = in.count(kLeastTextBytes); n > 0; --n) all.push_back(read_values(in));
  return all;
}

void write(PayloadWriter& out, const std::vector<std::filesystem::path>& paths) {
  out.number(static_cast<std::uint32_t>(paths.size()));
  for (const auto& path : paths) out.text(path.native());
}

std::vector<std::filesystem::path> read_paths(PayloadReader& in) {
  std::vector<std::filesystem::path> paths;
  for (std::size_t n = in.count(kLeastTextBytes); n > 0; --n) paths.emplace_back(read_path(in));
  return paths;
}

void write(PayloadWriter& out, const Sandbox& sandbox) {
  out.number(sandbox.reads_all);
  write(out, sandbox.read);
  write(out, sandbox.write);
  out.number(sandbox.memory_bytes);
  out.number(sandbox.network);
}

Sandbox read_sandbox(PayloadReader& in) {
  Sandbox sandbox;
  sandbox.reads_all = in.boolean();
  sandbox.read = read_paths(in);
  sandbox.write = read_paths(in);
  sandbox.memory_bytes = in.number<std::uint64_t>();
  sandbox.network = in.boolean();
  return sandbox;
}

void write(PayloadWriter& out, const PoolMessage& pool) {
  out.text(pool.name);
  out.text(pool.interface);
  out.text(pool.kind);
  out.text(pool.plugin_file);
  out.text(pool.digest);
  out.number(pool.size);
  out.number(pool.has_limit);
  out.number(pool.idle_timeout_ns);
  out.number(pool.max_lifetime_ns);
  write(out, pool.values);
}

PoolMessage read_pool(PayloadReader& in) {
  PoolMessage pool;
  pool.name = read_name(in);
  pool.interface = read_line(in);
  pool.kind = read_name(in);
  pool.plugin_file = read_path(in);
  pool.digest = read_digest(in);
  pool.size = read_positive(in);
  pool.has_limit = in.boolean();
  pool.idle_timeout_ns = read_duration_or_none(in);
  pool.max_lifetime_ns = read_duration_or_none(in);
  pool.values = read_all_values(in);
  return pool;
}

template <class Message>
std::optional<Message> if_whole(const PayloadReader& in, Message message) {
  return in.is_whole() ? std::optional<Message>(std::move(message)) : std::nullopt;
}

void write_call(PayloadWriter& out, const CallMessage& message) {
  out.text(message.type);
  out.text(message.task);
  out.number(message.attempt);
  out.number(message.deadline_ns);
  out.number(static_cast<std::uint32_t>(message.secret_outputs.size()));
  for (const std::string& name : message.secret_outputs) out.text(name);
}

}  // namespace

std::string encode(const SetupMessage& message) {
  PayloadWriter out;
  out.text(message.plugin_file);
  out.text(message.digest);
  out.number(static_cast<std::uint32_t>(message.pools.size()));
  for (const PoolMessage& pool : message.pools) write(out, pool);
  write(out, message.sandbox);
  out.text(message.writable);
  out.number(message.workers);
  out.number(message.log_level);
  out.number(message.wants_progress);
  return out.take();
}

template <>
std::optional<SetupMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  SetupMessage message;
  message.plugin_file = read_path(in);
  message.digest = read_digest(in);
  for (std::size_t n = in.count(6 * kLeastTextBytes); n > 0; --n) message.pools.push_back(read_pool(in));
  message.sandbox = read_sandbox(in);
  message.writable = read_path(in);
  message.workers = read_positive(in);
  message.log_level = read_log_level(in);
  message.wants_progress = in.boolean();
  return if_whole(in, std::move(message));
}

std::string encode(const CallMessage& message) {
  PayloadWriter out;
  write_call(out, message);
  write(out, message.values);
  return out.take();
}

std::string encode_call(const CallMessage& message, const std::vector<const Values*>& values) {
  PayloadWriter out;
  write_call(out, message);
  out.number(static_cast<std::uint32_t>(values.size()));
  for (const Values* one : values) write(out, *one);
  return out.take();
}

template <>
std::optional<CallMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  CallMessage message;
  message.type = read_name(in);
  message.task = read_name(in);
  message.attempt = read_positive(in);
  message.deadline_ns = in.number<std::int64_t>();
  for (std::size_t n = in.count(kLeastTextBytes); n > 0; --n) message.secret_outputs.push_back(read_name(in));
  message.values = read_all_values(in);
  return if_whole(in, std::move(message));
}

std::string encode(const StopMessage& message) {
  PayloadWriter out;
  out.number(message.reason);
  return out.take();
}

template <>
std::optional<StopMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  return if_whole(in, StopMessage{in.number<std::int32_t>(GANGER_STOP_USER, GANGER_STOP_UPSTREAM)});
}

std::string encode(const ReplyMessage& message) {
  PayloadWriter out;
  out.number(message.request);
  out.number(message.is_found);
  write(out, message.value);
  out.text(message.text);
  out.number(static_cast<std::uint8_t>(message.end));
  out.number(message.place);
  out.number(message.waited_ns);
  return out.take();
}

template <>
std::optional<ReplyMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  ReplyMessage message;
  message.request = in.number<std::uint32_t>();
  message.is_found = in.boolean();
  message.value = read_value(in);
  message.text = read_text_of_plugin(in);
  message.end = in.enumerator(AcquireEnd::failed);
  message.place = in.number<std::uint64_t>();
  message.waited_ns = in.number<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
  return if_whole(in, std::move(message));
}

std::string encode(const ReadyMessage& message) {
  PayloadWriter out;
  out.number(static_cast<std::uint32_t>(message.missing.size()));
  for (const std::string& line : message.missing) out.text(line);
  out.number(static_cast<std::uint32_t>(message.ungranted.size()));
  for (const std::string& line : message.ungranted) out.text(line);
  return out.take();
}

template <>
std::optional<ReadyMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  ReadyMessage message;
  for (std::size_t n = in.count(kLeastTextBytes); n > 0; --n) message.missing.push_back(read_line(in));
  for (std::size_t n = in.count(kLeastTextBytes); n > 0; --n) message.ungranted.push_back(read_line(in));
  return if_whole(in, std::move(message));
}

std::string encode(const RefusedMessage& message) {
  PayloadWriter out;
  out.number(static_cast<std::uint8_t>(message.is_plugin_refused));
  out.number(message.status);
  out.text(message.why);
  return out.take();
}

template <>
std::optional<RefusedMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  RefusedMessage message;
  message.is_plugin_refused = in.boolean();
  message.status = in.number<std::int32_t>(GANGER_FAILED, GANGER_RETRY);
  message.why = read_text_of_plugin(in);
  return if_whole(in, std::move(message));
}

std::string encode(const LogMessage& message) {
  PayloadWriter out;
  out.number(message.level);
  out.text(message.line);
  return out.take();
}

template <>
std::optional<LogMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  LogMessage message;
  message.level = read_log_level(in);
  message.line = read_text_of_plugin(in);
  return if_whole(in, std::move(message));
}

std::string encode(const ProgressMessage& message) {
  PayloadWriter out;
  out.number(message.done);
  out.number(message.total);
  out.text(message.what);
  return out.take();
}

template <>
std::optional<ProgressMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  ProgressMessage message;
  message.done = in.number<std::uint64_t>();
  message.total = in.number<std::uint64_t>();
  message.what = read_text_of_plugin(in);
  return if_whole(in, std::move(message));
}

std::string encode(const InputMessage& message) {
  PayloadWriter out;
  out.number(message.request);
  out.text(message.task);
  out.text(message.name);
  return out.take();
}

template <>
std::optional<InputMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  InputMessage message;
  message.request = in.number<std::uint32_t>();
  message.task = read_name(in);
  message.name = read_name(in);
  return if_whole(in, std::move(message));
}

std::string encode(const SecretOutputMessage& message) {
  PayloadWriter out;
  out.number(message.request);
  out.text(message.name);
  write(out, message.value);
  return out.take();
}

template <>
std::optional<SecretOutputMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  SecretOutputMessage message;
  message.request = in.number<std::uint32_t>();
  message.name = read_name(in);
  message.value = read_value(in);
  if (!are_outputs({{message.name, message.value}})) return std::nullopt;
  return if_whole(in, std::move(message));
}

std::string encode(const WorkDirMessage& message) {
  PayloadWriter out;
  out.number(message.request);
  return out.take();
}

template <>
std::optional<WorkDirMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  return if_whole(in, WorkDirMessage{in.number<std::uint32_t>()});
}

std::string encode(const PlaceMessage& message) {
  PayloadWriter out;
  out.number(message.request);
  out.number(message.pool);
  out.number(message.wait_ns);
  out.number(message.has_resource);
  return out.take();
}

template <>
std::optional<PlaceMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  PlaceMessage message;
  message.request = in.number<std::uint32_t>();
  message.pool = in.number<std::uint32_t>();
  message.wait_ns = read_duration_or_none(in);
  message.has_resource = in.boolean();
  return if_whole(in, message);
}

std::string encode(const PlaceFilledMessage& message) {
  PayloadWriter out;
  out.number(message.pool);
  out.number(message.place);
  out.text(message.why);
  out.number(static_cast<std::uint8_t>(message.filling));
  return out.take();
}

template <>
std::optional<PlaceFilledMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  PlaceFilledMessage message;
  message.pool = in.number<std::uint32_t>();
  message.place = in.number<std::uint64_t>();
  message.why = read_text_of_plugin(in);
  message.filling = in.enumerator(Filling::cut_short);
  return if_whole(in, message);
}

std::string encode(const PlaceBackMessage& message) {
  PayloadWriter out;
  out.number(message.pool);
  out.number(message.place);
  return out.take();
}

template <>
std::optional<PlaceBackMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  PlaceBackMessage message;
  message.pool = in.number<std::uint32_t>();
  message.place = in.number<std::uint64_t>();
  return if_whole(in, message);
}

std::string encode(const ResultMessage& message) {
  PayloadWriter out;
  out.number(message.status);
  out.text(message.why);
  out.number(static_cast<std::uint32_t>(message.outputs.size()));
  for (const auto& [name, value] : message.outputs) {
    out.text(name);
    write(out, value);
  }
  out.number(message.processes);
  out.number(message.unended);
  out.number(message.resident_bytes);
  return out.take();
}

template <>
std::optional<ResultMessage> decode(std::string_view payload) {
  PayloadReader in(payload);
  ResultMessage message;
  message.status = in.number<std::int32_t>();
  message.why = read_text_of_plugin(in);
  for (std::size_t n = in.count(kLeastTextBytes + kLeastValueBytes); n > 0; --n) {
    std::string name(in.text());
    message.outputs.insert_or_assign(std::move(name), read_value(in));
  }
  message.processes = in.number<std::uint32_t>();
  message.unended = in.number<std::uint32_t>();
  message.resident_bytes = in.number<std::uint64_t>();
  if (!are_outputs(message.outputs)) return std::nullopt;
  return if_whole(in, std::move(message));
}

}  // namespace ganger::host
