// The payloads of frames, as plain data. encode() and decode() are each other's inverse; decode() trusts nothing and
// says nothing at all for a payload that is not exactly one message, or in which any field is not what it may be. So
// whoever has a message asks no more, but for numbers whose range only he knows: of a request, a pool, a place, a
// call. What may be in a field stands beside it. `text of a plugin`: any bytes, at most kMostTakenBytes (host/text.h)
// of them, which those who show them make printable; `name`: is_name(); `line`: printable, at most kMostTextBytes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/call/context.h"
#include "host/isolate/child/frame.h"
#include "host/plan/sandbox.h"
#include "host/pools/lease.h"

namespace ganger::host {

/// A pool of the run, for the child to open resources of.
struct PoolMessage {
  std::string name{};                   ///< name
  std::string interface {};             ///< line
  std::string kind{};                   ///< name within the plugin
  std::string plugin_file{}, digest{};  ///< as those of SetupMessage
  std::uint32_t size = 1;               ///< not 0
  bool has_limit = false;
  std::int64_t idle_timeout_ns = -1, max_lifetime_ns = -1;  ///< -1 = none
  std::vector<Values> values{};                             ///< of the kind's parameters
};

/// The first frame to a child.
struct SetupMessage {
  std::string plugin_file{}, digest{};  ///< a path without NUL; 64 of 0-9a-f, empty = not checked
  std::vector<PoolMessage> pools{};     ///< in the order of the host's set
  Sandbox sandbox{};                    ///< paths without NUL
  std::string writable{};               ///< a path without NUL
  std::uint32_t workers = 1;            ///< not 0
  std::int32_t log_level = 0;           ///< GANGER_LOG_...
  bool wants_progress = false;
};

struct CallMessage {
  std::string type{}, task{};  ///< names; type: within the plugin
  std::uint32_t attempt = 1;   ///< not 0
  std::int64_t deadline_ns = 0;
  std::vector<std::string> secret_outputs{};  ///< names; besides those of type secret
  std::vector<Values> values{};
};

struct StopMessage {
  std::int32_t reason = GANGER_STOP_USER;  ///< GANGER_STOP_...
};

/// To an input, secret output, work_dir or place of that request number; which fields count depends on what was
/// asked.
struct ReplyMessage {
  std::uint32_t request = 0;
  bool is_found = false;
  Value value{};
  std::string text{};  ///< text of a plugin
  AcquireEnd end = AcquireEnd::failed;
  std::uint64_t place = 0;
  std::int64_t waited_ns = 0;  ///< not negative
};

/// The plugins are open.
struct ReadyMessage {
  std::vector<std::string> missing{};    ///< lines: what the lock-down could not do
  std::vector<std::string> ungranted{};  ///< lines: what the job grants and is not there
};

struct RefusedMessage {
  bool is_plugin_refused = false;        ///< rather than something was missing: another try is refused again
  ganger_status status = GANGER_FAILED;  ///< or GANGER_RETRY
  std::string why{};                     ///< text of a plugin
};

struct LogMessage {
  std::int32_t level = 0;  ///< GANGER_LOG_...
  std::string line{};      ///< text of a plugin
};

struct ProgressMessage {
  std::uint64_t done = 0, total = 0;
  std::string what{};  ///< text of a plugin
};

struct InputMessage {
  std::uint32_t request = 0;
  std::string task{}, name{};  ///< names
};

/// Answered once it is masked, so that the task says nothing of it before.
struct SecretOutputMessage {
  std::uint32_t request = 0;
  std::string name{};  ///< name
  Value value{};       ///< are_outputs(), together with the name
};

struct WorkDirMessage {
  std::uint32_t request = 0;
};

struct PlaceMessage {
  std::uint32_t request = 0;
  std::uint32_t pool = 0;
  std::int64_t wait_ns = -1;  ///< -1 = as the pool's settings say
  bool has_resource = false;  ///< one idles in the child, so that none has to be opened
};

struct PlaceFilledMessage {
  std::uint32_t pool = 0;
  std::uint64_t place = 0;
  Filling filling = Filling::opened;
  std::string why{};  ///< text of a plugin: of a failure
};

/// As a place that is given back: none, but a lease that was not out.
inline constexpr std::uint64_t kNoPlace = 0;

struct PlaceBackMessage {
  std::uint32_t pool = 0;
  std::uint64_t place = 0;
};

struct ResultMessage {
  ganger_status status = GANGER_OK;  ///< any, as run() may return any in this process too
  std::string why{};                 ///< text of a plugin
  Outputs outputs{};                 ///< are_outputs()
  std::uint32_t processes = 0;       ///< that the task had left running, and that have been killed
  std::uint32_t unended = 0;         ///< such processes that have not ended in time
  std::uint64_t resident_bytes = 0;  ///< of the child, now
};

std::string encode(const SetupMessage& message);
std::string encode(const CallMessage& message);
std::string encode(const StopMessage& message);
std::string encode(const ReplyMessage& message);
std::string encode(const ReadyMessage& message);
std::string encode(const RefusedMessage& message);
std::string encode(const LogMessage& message);
std::string encode(const ProgressMessage& message);
std::string encode(const InputMessage& message);
std::string encode(const SecretOutputMessage& message);
std::string encode(const WorkDirMessage& message);
std::string encode(const PlaceMessage& message);
std::string encode(const PlaceFilledMessage& message);
std::string encode(const PlaceBackMessage& message);
std::string encode(const ResultMessage& message);

/// A call without copies of its values.
std::string encode_call(const CallMessage& message, const std::vector<const Values*>& values);

template <class Message>
std::optional<Message> decode(std::string_view payload);
template <>
std::optional<SetupMessage> decode(std::string_view payload);
template <>
std::optional<CallMessage> decode(std::string_view payload);
template <>
std::optional<StopMessage> decode(std::string_view payload);
template <>
std::optional<ReplyMessage> decode(std::string_view payload);
template <>
std::optional<ReadyMessage> decode(std::string_view payload);
template <>
std::optional<RefusedMessage> decode(std::string_view payload);
template <>
std::optional<LogMessage> decode(std::string_view payload);
template <>
std::optional<ProgressMessage> decode(std::string_view payload);
template <>
std::optional<InputMessage> decode(std::string_view payload);
template <>
std::optional<SecretOutputMessage> decode(std::string_view payload);
template <>
std::optional<WorkDirMessage> decode(std::string_view payload);
template <>
std::optional<PlaceMessage> decode(std::string_view payload);
template <>
std::optional<PlaceFilledMessage> decode(std::string_view payload);
template <>
std::optional<PlaceBackMessage> decode(std::string_view payload);
template <>
std::optional<ResultMessage> decode(std::string_view payload);

}  // namespace ganger::host
