#include "host/journal/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>

#include "host/descriptor.h"
#include "host/journal/crash_point.h"

namespace ganger::host {

namespace {

// The file: this header, then a byte for each task.
struct LedgerHeader {
  char magic[8];
  std::uint32_t version, tasks;
};
constexpr char kMagic[8] = {'G', 'N', 'G', 'R', 'L', 'D', 'G', 'R'};
constexpr std::uint32_t kVersion = 1;
// More than there is memory for.
constexpr std::uint32_t kMostTasks = 1U << 28U;

// A byte: the state, and these bits.
constexpr std::uint8_t kHasOutputs = 0x80, kIsInDoubt = 0x40;
static_assert(static_cast<int>(TaskState::waiting) == 0 && static_cast<int>(TaskState::ready) == 1 &&
              static_cast<int>(TaskState::running) == 2 && static_cast<int>(TaskState::done) == 3 &&
              static_cast<int>(TaskState::failed) == 4 && static_cast<int>(TaskState::crashed) == 5 &&
              static_cast<int>(TaskState::timed_out) == 6 && static_cast<int>(TaskState::interrupted) == 7 &&
              static_cast<int>(TaskState::skipped) == 8 && static_cast<int>(TaskState::up_to_date) == 9);

std::uint8_t encoded(Standing s) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(s.state) | (s.has_outputs ? kHasOutputs : 0) |
                                   (s.is_in_doubt ? kIsInDoubt : 0));
}

Standing decoded(std::uint8_t byte) {
  return {static_cast<TaskState>(byte & ~(kHasOutputs | kIsInDoubt)), (byte & kHasOutputs) != 0,
          (byte & kIsInDoubt) != 0};
}

bool makes_sense(const LedgerHeader& h, std::size_t file_size) {
  return std::memcmp(h.magic, kMagic, sizeof kMagic) == 0 && h.version == kVersion && h.tasks <= kMostTasks &&
         file_size >= sizeof(LedgerHeader) + h.tasks;
}

}  // namespace

Result<Ledger> Ledger::open(RunLock lock, std::uint32_t tasks, const std::vector<Standing>& initial) {
  const int fd = lock.descriptor();
  const auto known = read(lock.file());
  const bool is_new = !known;
  LedgerHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.tasks = std::max(known ? static_cast<std::uint32_t>(known->size()) : 0, tasks);
  const std::size_t size = sizeof header + header.tasks;
  int why = is_new && ftruncate(fd, 0) != 0 ? errno : 0;
  // All room now: a store into a page for which the disk has none would be a SIGBUS.
  if (why == 0) why = posix_fallocate(fd, 0, static_cast<off_t>(size));
  std::optional<SharedMap> map;
  if (why == 0 && map.emplace(fd, size).data() == nullptr) why = errno;
  if (why != 0)
    return failure(ErrorKind::cannot_create, fmt::format("cannot create ledger {}: {}; see --state-dir",
                                                         lock.file().string(), std::strerror(why)));
  Ledger ledger(std::move(lock), *std::move(map), header.tasks);
  if (is_new)
    for (std::uint32_t t = 0; t < std::min<std::size_t>(initial.size(), header.tasks); ++t)
      ledger.entries()[t] = encoded(initial[t]);
  // The header last: until then it is no ledger.
  std::memcpy(ledger.map_.data(), &header, sizeof header);
  durable_step();
  return ledger;
}

std::optional<std::vector<Standing>> Ledger::read(const std::filesystem::path& file) {
  // Whatever is in its place, as a pipe or a file of any size, is looked at no longer than it takes to see that.
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  LedgerHeader header;
  if (!opened.is_open() || fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      pread(opened.get(), &header, sizeof header, 0) != ssize_t{sizeof header} ||
      !makes_sense(header, static_cast<std::size_t>(status.st_size)))
    return std::nullopt;
  std::string content(header.tasks, '\0');
  for (std::size_t have = 0; have < content.size();) {
    const ssize_t n =
        pread(opened.get(), content.data() + have, content.size() - have, static_cast<off_t>(sizeof header + have));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    have += static_cast<std::size_t>(n);
  }
  return decode(content);
}

std::optional<std::vector<Standing>> Ledger::decode(std::string_view bytes) {
  std::vector<Standing> all;
  all.reserve(bytes.size());
  for (const char byte : bytes) {
    all.push_back(decoded(static_cast<std::uint8_t>(byte)));
    if (all.back().state > TaskState::up_to_date) return std::nullopt;
  }
  return all;
}

std::uint8_t* Ledger::entries() const { return reinterpret_cast<std::uint8_t*>(map_.data()) + sizeof(LedgerHeader); }

bool Ledger::is_in_place() const {
  struct stat mapped {
  }, named{};
  return !map_.is_lost() && fstat(lock_.descriptor(), &mapped) == 0 && stat(lock_.file().c_str(), &named) == 0 &&
         mapped.st_dev == named.st_dev && mapped.st_ino == named.st_ino &&
         static_cast<std::size_t>(mapped.st_size) >= sizeof(LedgerHeader) + tasks_;
}

void Ledger::set(std::uint32_t task, Standing standing) noexcept {
  // Release: whoever reads the file sees nothing of a task before what led to it.
  std::atomic_ref(entries()[task]).store(encoded(standing), std::memory_order_release);
  durable_step();
}

Standing Ledger::get(std::uint32_t task) const noexcept {
  return decoded(std::atomic_ref(entries()[task]).load(std::memory_order_acquire));
}

std::string_view Ledger::bytes() const { return {reinterpret_cast<const char*>(entries()), tasks_}; }

}  // namespace ganger::host
