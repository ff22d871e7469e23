#include "hash.h"

#include <ganger/buffer.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ganger/utf8.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "buffer.h"
#include "digest.h"
#include "file_table.h"
#include "path_list.h"

namespace ganger::files {

namespace {

constexpr std::size_t kOwnBufferBytes = 256 * 1024;
constexpr std::int64_t kMostRowsInBatch = 1'000'000;

// Above the threads of any host. A lane that finds no file left costs a call and nothing more.
constexpr std::uint64_t kLanes = 256;

/// Memory to read through: borrowed from a pool, or its own when the pool has no name.
class IoBuffer {
 public:
  IoBuffer(const ctx& c, const std::string& pool, std::chrono::nanoseconds wait = ctx::job_wait) {
    if (pool.empty())
      own_.emplace(kOwnBufferBytes);
    else
      lease_.emplace(c.borrow<ganger_buffer_api>(GANGER_BUFFER_INTERFACE, pool, wait));
  }

  /// One that is free now, or nothing.
  static std::optional<IoBuffer> if_free(const ctx& c, const std::string& pool) {
    try {
      return IoBuffer(c, pool, std::chrono::nanoseconds(0));
    } catch (const error& e) {
      if (e.status() != GANGER_TIMEOUT) throw;
      return std::nullopt;
    }
  }

  std::span<std::byte> bytes() const {
    if (own_) return {own_->data(), own_->size()};
    const auto& api = *lease_;
    return {static_cast<std::byte*>(api->data(api.handle())), static_cast<std::size_t>(api->size(api.handle()))};
  }

 private:
  std::optional<Buffer> own_;
  std::optional<lease<ganger_buffer_api>> lease_;
};

/// The files of a list, taken one by one by as many lanes as there are threads: a large file then holds up its own
/// lane and no other.
class Hashing {
 public:
  Hashing(const ctx& c, const PathList& list, FileTable& table, std::string buffers)
      : ctx_(c), paths_(list.paths()), table_(table), buffers_(std::move(buffers)) {}

  void run() {
    // Waited for here, so that one lane has what it needs; the others only take what is free.
    std::optional<IoBuffer> first(std::in_place, ctx_, buffers_);
    ctx_.parallel(kLanes, [&](std::uint64_t i) { lane(i == 0 ? std::exchange(first, std::nullopt) : std::nullopt); });
    table_.flush();
  }

  std::uint64_t files() const { return paths_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t errors() const { return errors_; }

 private:
  void lane(std::optional<IoBuffer> buffer) {
    if (next_ >= paths_.size()) return;
    if (!buffer) buffer = IoBuffer::if_free(ctx_, buffers_);
    if (!buffer) return;
    Digest digest;
    for (auto i = next_++; i < paths_.size(); i = next_++) {
      auto row = hash_file(ctx_, paths_[i], digest, buffer->bytes());
      count(row);
      table_.add(std::move(row));
      ctx_.progress(++done_, paths_.size(), "files");
    }
  }

  void count(const FileRow& row) {
    if (row.error.empty()) {
      bytes_ += static_cast<std::uint64_t>(row.size_bytes.value_or(0));
      return;
    }
    ++errors_;
    ctx_.debug("cannot read '" + printable(row.path) + "': " + row.error);
  }

  const ctx& ctx_;
  const std::vector<std::string_view>& paths_;
  FileTable& table_;
  const std::string buffers_;
  std::atomic<std::uint64_t> next_{0}, done_{0}, bytes_{0}, errors_{0};
};

}  // namespace

void Hash::check(const ctx& c) {
  const auto batch = c.get<std::int64_t>("batch");
  if (batch < 1 || batch > kMostRowsInBatch)
    throw error(GANGER_BAD_PARAM,
                "batch is " + std::to_string(batch) + "; give 1 to " + std::to_string(kMostRowsInBatch) + " rows");
  if (c.get<std::string>("table").empty()) throw error(GANGER_BAD_PARAM, "table is empty; give it a name");
}

void Hash::run(const ctx& c) {
  check(c);
  const PathList list(c.get<std::filesystem::path>("list"));
  const auto table_name = c.get<std::string>("table");
  FileTable table(c, c.get<std::string>("pool"), table_name, static_cast<std::size_t>(c.get<std::int64_t>("batch")));
  table.open(c.get<bool>("append"));

  Hashing hashing(c, list, table, c.get<std::string>("buffers"));
  hashing.run();

  if (hashing.errors() > 0)
    c.warn(std::to_string(hashing.errors()) + " of " + std::to_string(hashing.files()) +
           " files could not be read; the column 'error' of table '" + table_name + "' says why");
  c.out("files", hashing.files());
  c.out("bytes", hashing.bytes());
  c.out("errors", hashing.errors());
}

}  // namespace ganger::files
