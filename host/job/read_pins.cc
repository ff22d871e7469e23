#include "host/job/read_pins.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "host/job/error_list.h"
#include "host/job/field_reader.h"
#include "host/job/read_file.h"
#include "host/job/suggest.h"
#include "host/job/toml_document.h"
#include "host/text.h"

namespace fs = std::filesystem;

namespace ganger::host {
namespace {

constexpr std::size_t kLargestPinsFile = std::size_t{4} << 20U;
const std::vector<std::string_view> kKeys = {"plugin"};
const std::vector<std::string_view> kPluginKeys = {"id", "version", "sha256"};

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-") == std::string_view::npos;
}

/// A misspelt key is reported as that and no more.
bool is_missing(const TomlTable& table, std::string_view key) {
  return std::ranges::none_of(
      table, [&](const TomlEntry& entry) { return entry.key == key || closest(entry.key, kPluginKeys) == key; });
}

class PinsReader {
 public:
  PinsReader(Pins& pins, ErrorList& errors) : pins_(pins), errors_(errors), fields_(errors) {}

  void read(const TomlTable& document) {
    for (const TomlEntry& entry : document) {
      const auto* list = std::get_if<TomlList>(&entry.node.value);
      if (entry.key != "plugin")
        fields_.unknown_key(entry, kKeys);
      else if (list == nullptr)
        errors_.add(entry.node.where, fmt::format("plugin must be a list of tables, each under [[plugin]], not {}",
                                                  type_name(entry.node)));
      else
        for (const TomlNode& node : *list) read_pin(node);
    }
  }

 private:
  void read_pin(const TomlNode& node) {
    const auto* table = std::get_if<TomlTable>(&node.value);
    if (table == nullptr) {
      errors_.add(node.where,
                  fmt::format("a plugin must be a table, written under [[plugin]], not {}", type_name(node)));
      return;
    }
    Pin pin;
    for (const TomlEntry& entry : *table) read_key(entry, pin);
    for (const std::string_view key : kPluginKeys)
      if (is_missing(*table, key))
        errors_.add(node.where,
                    fmt::format("a plugin has no {}; have the file written by ganger check JOB.toml --pin", key));
    if (pins_.find(pin.id) != nullptr)
      errors_.add(node.where, fmt::format("plugin '{}' is pinned twice; remove one", pin.id));
    else
      pins_.pins.push_back(std::move(pin));
  }

  void read_key(const TomlEntry& entry, Pin& pin) {
    std::string* const part = entry.key == "id"        ? &pin.id
                              : entry.key == "version" ? &pin.version
                              : entry.key == "sha256"  ? &pin.sha256
                                                       : nullptr;
    if (part == nullptr) return fields_.unknown_key(entry, kPluginKeys);
    const auto text = fields_.text(entry);
    if (!text) return;
    if (entry.key == "id" && !is_id(*text))
      errors_.add(entry.node.where, fmt::format("no plugin can be called '{}': an id is made of a-z, 0-9, '_', '.' "
                                                "and '-', at most 63 of them",
                                                excerpt(*text)));
    else if (entry.key == "sha256" && !is_digest(*text))
      errors_.add(
          entry.node.where,
          fmt::format("sha256 must be 64 hexadecimal digits in lower case, not '{}'; see sha256sum", excerpt(*text)));
    else
      *part = *text;
  }

  Pins& pins_;
  ErrorList& errors_;
  FieldReader fields_;
};

std::string toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) quoted += (c == '"' || c == '\\') ? std::string{'\\', c} : std::string(1, c);
  return quoted + "\"";
}

std::string text_of(const Pins& pins) {
  std::string text =
      "# Written by `ganger check JOB.toml --pin`: the plugins that the jobs of this folder may use.\n";
  for (const Pin& pin : pins.pins)
    text += fmt::format("\n[[plugin]]\nid = {}\nversion = {}\nsha256 = {}\n", toml_text(pin.id),
                        toml_text(pin.version), toml_text(pin.sha256));
  return text;
}

/// Writes a file that must not exist yet; errno, or 0.
int write_new(const fs::path& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int problem = 0;
  while (!text.empty() && problem == 0) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      problem = errno;
  }
  if (problem == 0 && ::fsync(fd) != 0) problem = errno;
  if (::close(fd) != 0 && problem == 0 && errno != EINTR) problem = errno;
  return problem;
}

}  // namespace

const Pin* Pins::find(std::string_view id) const {
  const auto found = std::ranges::find(pins, id, &Pin::id);
  return found == pins.end() ? nullptr : &*found;
}

tl::expected<Pins, Errors> read_pins(const fs::path& file) {
  // A pipe or a device would have us wait for somebody who writes.
  std::error_code gone;
  if (const auto type = fs::status(file, gone).type(); type == fs::file_type::fifo ||
                                                       type == fs::file_type::character ||
                                                       type == fs::file_type::block || type == fs::file_type::socket)
    return tl::unexpected(Errors{{.kind = ErrorKind::io,
                                  .message = "cannot read the lock file: it is a pipe or a device; it must be a file",
                                  .where = {.file = file.string()}}});
  auto text = read_file(file, kLargestPinsFile);
  if (text) return parse_pins(std::move(*text), file);
  const bool is_gone = text.error() == ENOENT || text.error() == ENOTDIR;
  return tl::unexpected(
      Errors{{.kind = is_gone ? ErrorKind::not_found : ErrorKind::io,
              .message = is_gone ? "no such lock file; have it written by ganger check JOB.toml --pin"
                                 : "cannot read the lock file: " + std::generic_category().message(text.error()),
              .where = {.file = file.string()}}});
}

tl::expected<Pins, Errors> parse_pins(std::string text, const fs::path& file) {
  const auto source = std::make_shared<const SourceText>(std::move(text), file.string());
  const auto document = parse_toml(*source);
  if (!document) return tl::unexpected(Errors{document.error()});
  Pins pins{.file = file, .pins = {}};
  ErrorList errors(source);
  PinsReader(pins, errors).read(*document);
  Errors found = errors.take();
  if (!found.empty()) return tl::unexpected(std::move(found));
  return pins;
}

Result<void> write_pins(const Pins& pins) {
  std::error_code not_there;
  fs::path file = fs::canonical(pins.file, not_there);  // a link stays one
  if (not_there) file = pins.file;
  const fs::path fresh = file.string() + fmt::format(".{}.new", getpid());
  int problem = write_new(fresh, text_of(pins));
  if (problem == 0 && std::rename(fresh.c_str(), file.c_str()) != 0) problem = errno;
  if (problem == 0) return {};
  if (problem != EEXIST) ::unlink(fresh.c_str());
  return failure(ErrorKind::cannot_create,
                 fmt::format("cannot write {}: {}", file.string(), std::generic_category().message(problem)));
}

Result<void> check_pin(const Pins& pins, const std::string& id, const std::string& version,
                       const std::string& sha256) {
  constexpr std::string_view kFix = "; if this is the plugin you mean, pin it with ganger check JOB.toml --pin";
  const Pin* pin = pins.find(id);
  const std::string file = pins.file.string();
  if (pin == nullptr)
    return failure(ErrorKind::refused,
                   fmt::format("plugin '{}' is not in {}, and its SHA-256 is {}{}", id, file, sha256, kFix));
  if (pin->sha256 != sha256)
    return failure(ErrorKind::refused, fmt::format("plugin '{}' is not the one that {} names: its SHA-256 is {}, "
                                                   "pinned is {} (version {}){}",
                                                   id, file, sha256, pin->sha256, excerpt(pin->version), kFix));
  if (!version.empty() && pin->version != version)
    return failure(ErrorKind::refused, fmt::format("plugin '{}' is version {}, and {} names {} for the same file{}",
                                                   id, excerpt(version), file, excerpt(pin->version), kFix));
  return {};
}

}  // namespace ganger::host
