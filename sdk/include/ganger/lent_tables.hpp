// ganger/lent_tables.hpp - finds uses of a lease after its end where a plugin is built with AddressSanitizer; nothing
// at all elsewhere. Part of ganger/plugin.hpp.
#ifndef GANGER_LENT_TABLES_HPP
#define GANGER_LENT_TABLES_HPP

#include <ganger/plugin.h>

#include <cstdint>
#include <ganger/value.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define GANGER_COPIES_TABLES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GANGER_COPIES_TABLES 1
#endif
#endif

#ifdef GANGER_COPIES_TABLES
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#endif

namespace ganger {

namespace GANGER_HIDDEN detail {

#ifdef GANGER_COPIES_TABLES

// Each lease has a copy of its provider's table, freed when the lease ends or the call it was borrowed in. Whoever
// calls the provider later reads freed memory, and is told where it was freed.
class lent_tables {
 public:
  const void* copy(const ganger_ctx* call, std::uint64_t lease, const void* table) {
    std::uint32_t size = 0;
    if (table != nullptr) std::memcpy(&size, table, sizeof size);
    if (size < sizeof size) return table;
    std::unique_ptr<unsigned char[]> bytes(new unsigned char[size]);
    std::memcpy(bytes.get(), table, size);
    const std::lock_guard<std::mutex> lock(mutex_);
    return (tables_[{call, lease}] = std::move(bytes)).get();
  }
  void end(const ganger_ctx* call, std::uint64_t lease) {
    const std::lock_guard<std::mutex> lock(mutex_);
    tables_.erase({call, lease});
  }
  void end_all(const ganger_ctx* call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    tables_.erase(tables_.lower_bound({call, 0}), tables_.upper_bound({call, UINT64_MAX}));
  }
  // Never destroyed: leases that were kept may be ended by destructors of static objects.
  static lent_tables& all() {
    static auto* const tables = new lent_tables;
    return *tables;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<const ganger_ctx*, std::uint64_t>, std::unique_ptr<unsigned char[]>> tables_;
};

inline void copy_table(const ganger_ctx* call, ganger_lease& l) {
  l.api = lent_tables::all().copy(call, l.id, l.api);
}
inline void end_table(const ganger_ctx* call, std::uint64_t lease) { lent_tables::all().end(call, lease); }
inline void end_tables(const ganger_ctx* call) { lent_tables::all().end_all(call); }

#else

inline void copy_table(const ganger_ctx*, ganger_lease&) {}
inline void end_table(const ganger_ctx*, std::uint64_t) {}
inline void end_tables(const ganger_ctx*) {}

#endif

}  // namespace detail

}  // namespace ganger

#endif  // GANGER_LENT_TABLES_HPP
