#include "host/journal/output_log.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "host/journal/crash_point.h"

namespace ganger::host {

namespace {

// A record: this header, then for each output an Entry, its name and its text. Numbers are as this machine writes
// them: the file does not leave it.
struct LogHeader {
  std::uint64_t checksum;  // of all that follows it: after a power cut there may be pages without their content
  std::uint32_t size;      // of all that follows the header
  std::uint32_t task;
};
struct Entry {
  std::int64_t number;
  std::uint32_t type, name_size, text_size, reserved;
};

// What a million tasks may set, in a machine that holds it.
constexpr off_t kMostBytes = off_t{1} << 36U;

// FNV-1a.
std::uint64_t checksum_of(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return sum;
}

bool take(std::string_view& bytes, Entry& entry) {
  if (bytes.size() < sizeof entry) return false;
  std::memcpy(&entry, bytes.data(), sizeof entry);
  bytes.remove_prefix(sizeof entry);
  return true;
}

bool take(std::string_view& bytes, std::size_t size, std::string& what) {
  if (bytes.size() < size) return false;
  what = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

std::string record_of(std::uint32_t task, const Outputs& outputs) {
  std::string record(sizeof(LogHeader), '\0');
  for (const auto& [name, value] : outputs) {
    const std::string_view text = value.is_text() && value.type != GANGER_SECRET ? value.text : std::string_view();
    const Entry entry{.number = value.is_text() ? 0 : value.i,
                      .type = value.type,
                      .name_size = static_cast<std::uint32_t>(name.size()),
                      .text_size = static_cast<std::uint32_t>(text.size()),
                      .reserved = 0};
    record.append(reinterpret_cast<const char*>(&entry), sizeof entry);
    record += name;
    record += text;
  }
  LogHeader header{
      .checksum = 0, .size = static_cast<std::uint32_t>(record.size() - sizeof(LogHeader)), .task = task};
  std::memcpy(record.data(), &header, sizeof header);
  header.checksum = checksum_of(std::string_view(record).substr(sizeof header.checksum));
  std::memcpy(record.data(), &header, sizeof header);
  return record;
}

/// What the entries of a record say; nothing when they make no sense.
std::optional<Outputs> decoded(std::string_view entries) {
  Outputs outputs;
  while (!entries.empty()) {
    Entry entry;
    std::string name;
    Value value;
    if (!take(entries, entry) || !take(entries, entry.name_size, name) || !take(entries, entry.text_size, value.text))
      return std::nullopt;
    value.type = entry.type;
    value.i = entry.number;
    outputs.insert_or_assign(std::move(name), std::move(value));
  }
  return outputs;
}

/// Returns how many bytes at the beginning are whole records.
std::size_t read_records(const std::string& content, OutputLog::All& all) {
  std::string_view bytes = content;
  for (LogHeader header; bytes.size() >= sizeof header;) {
    std::memcpy(&header, bytes.data(), sizeof header);
    const std::string_view record = bytes.substr(0, sizeof header + header.size);
    if (record.size() < sizeof header + header.size ||
        checksum_of(record.substr(sizeof header.checksum)) != header.checksum)
      break;
    auto outputs = decoded(record.substr(sizeof header));
    if (!outputs) break;
    all.insert_or_assign(header.task, *std::move(outputs));
    bytes.remove_prefix(record.size());
  }
  return content.size() - bytes.size();
}

Error error_of(ErrorKind kind, std::string_view what, const std::filesystem::path& file, int why) {
  const bool is_full = why == ENOSPC || why == EDQUOT;
  return {kind,
          fmt::format("cannot {} {}: {}{}", what, file.string(), std::strerror(why),
                      is_full ? "; make room, or see --state-dir" : ""),
          {}};
}

Result<std::string> content_of(const Descriptor& descriptor, const std::filesystem::path& file) {
  std::string content;
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) return tl::unexpected(error_of(ErrorKind::io, "read", file, errno));
  if (!S_ISREG(status.st_mode) || status.st_size > kMostBytes)
    return failure(ErrorKind::io, fmt::format("{} is no file that ganger has written; remove it", file.string()));
  content.resize(static_cast<std::size_t>(status.st_size));
  for (std::size_t have = 0; have < content.size();) {
    const ssize_t n = pread(descriptor.get(), content.data() + have, content.size() - have, static_cast<off_t>(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(error_of(ErrorKind::io, "read", file, errno));
    if (n == 0) content.resize(have);  // its writer has taken something back
    have += static_cast<std::size_t>(n);
  }
  return content;
}

Result<OutputLog::All> records_of(const Descriptor& descriptor, const std::filesystem::path& file) {
  const auto content = content_of(descriptor, file);
  if (!content) return tl::unexpected(content.error());
  OutputLog::All all;
  read_records(*content, all);
  return all;
}

}  // namespace

Result<std::unique_ptr<OutputLog>> OutputLog::open(std::filesystem::path file) {
  Descriptor opened(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!opened.is_open()) return tl::unexpected(error_of(ErrorKind::cannot_create, "create", file, errno));
  const auto content = content_of(opened, file);
  if (!content) return tl::unexpected(content.error());
  // What a kill has cut short must not hide what comes after it.
  All unused;
  const std::size_t good = read_records(*content, unused);
  if (good < content->size() && ftruncate(opened.get(), static_cast<off_t>(good)) != 0)
    return tl::unexpected(error_of(ErrorKind::io, "write", file, errno));
  durable_step();
  return std::unique_ptr<OutputLog>(new OutputLog(std::move(file), std::move(opened), static_cast<off_t>(good)));
}

Result<void> OutputLog::append(std::uint32_t task, const Outputs& outputs) {
  const std::string record = record_of(task, outputs);
  const std::lock_guard lock(mutex_);
  if (is_torn_) return tl::unexpected(error_of(ErrorKind::io, "write", file_, EIO));
  for (std::string_view left = record; !left.empty();) {
    const ssize_t n = write(descriptor_.get(), left.data(), left.size());
    if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
    if (n > 0 || errno == EINTR) continue;
    const int why = errno;
    is_torn_ = ftruncate(descriptor_.get(), size_) != 0;
    return tl::unexpected(error_of(ErrorKind::io, "write", file_, why));
  }
  size_ += static_cast<off_t>(record.size());
  durable_step();
  return {};
}

Result<OutputLog::All> OutputLog::all() const { return records_of(descriptor_, file_); }

Result<OutputLog::All> OutputLog::read(const std::filesystem::path& file) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (opened.is_open()) return records_of(opened, file);
  if (errno == ENOENT) return All{};
  return tl::unexpected(error_of(ErrorKind::io, "read", file, errno));
}

}  // namespace ganger::host
