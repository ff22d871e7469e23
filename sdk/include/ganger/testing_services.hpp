// ganger/testing_services.hpp - the table of a testing host; part of ganger/testing.hpp.
#ifndef GANGER_TESTING_SERVICES_HPP
#define GANGER_TESTING_SERVICES_HPP

#include <ganger/clock.h>
#include <ganger/plugin.h>

#include <cstddef>
#include <cstdint>
#include <ganger/testing_run.hpp>
#include <string>
#include <string_view>

namespace ganger::testing {

/// The run that `ctx` belongs to; counts the call.
inline running& counted(ganger_ctx* ctx) {
  running& r = *call_of(ctx).of;
  r.count();
  return r;
}

/// The made-up time, as "ganger.clock/1".
inline const ganger_clock_api& clock_table() {
  static const ganger_clock_api table = {sizeof(ganger_clock_api), 0,
                                         [](ganger_ctx* x) { return counted(x).now_ns(); },
                                         [](ganger_ctx* x, std::int64_t ns) { return counted(x).sleep_ns(ns); }};
  return table;
}

/// As much of a text as a host keeps, with the mark of a cut.
inline std::string kept(ganger_str text) {
  constexpr std::size_t most = 64 * 1024;
  constexpr std::string_view mark = " ... (cut after 64 KiB)";
  if (text.p == nullptr || text.n <= most) return std::string(text.p == nullptr ? std::string_view() : view(text));
  std::size_t end = most - mark.size();
  // No character is cut in two; where there are none, anywhere.
  for (std::size_t back = 0; back < 4; ++back)
    if ((static_cast<unsigned char>(text.p[end - back]) & 0xC0u) != 0x80u) {
      end -= back;
      break;
    }
  return std::string(text.p, end).append(mark);
}

/// The services, each counted and handed to the run of its ctx. get_interface is left to who knows the setup.
inline ganger_host service_table() {
  ganger_host h{};
  h.struct_size = sizeof(ganger_host);
  h.abi_minor = GANGER_ABI_MINOR;
  h.name = "ganger-testing";
  h.version = GANGER_VERSION;
  h.log = [](ganger_ctx* x, std::int32_t level, ganger_str text) {
    running* const of = x != nullptr ? &counted(x) : running::latest.load();
    if (of != nullptr) of->notes.write([&](result& r) { r.logs.push_back({level, kept(text)}); });
  };
  h.fail = [](ganger_ctx* x, ganger_status status, ganger_str why) {
    counted(x).notes.why(kept(why));
    return status;
  };
  h.stop_reason = [](ganger_ctx* x) { return counted(x).stop_reason(); };
  h.stop_fd = [](ganger_ctx* x) { return counted(x).stop.descriptor(); };
  h.deadline_ns = [](ganger_ctx* x) { return counted(x).deadline_ns(); };
  h.on_stop = [](ganger_ctx* x, void (*f)(void*), void* user) { return counted(x).stop.add(f, user); };
  h.off_stop = [](ganger_ctx* x, std::uint64_t token) { counted(x).stop.remove(token); };
  h.progress = [](ganger_ctx* x, std::uint64_t done, std::uint64_t total, ganger_str what) {
    counted(x).notes.write([&](result& r) { r.progress.push_back({done, total, kept(what)}); });
  };
  h.param = [](ganger_ctx* x, const char* name, std::uint64_t i, ganger_value* out) {
    return counted(x).param(call_of(x), name, i, out);
  };
  h.input = [](ganger_ctx* x, const char* task, const char* name, ganger_value* out) -> ganger_status {
    running& r = counted(x);
    return r.allows(call_of(x), "input()") ? r.input(std::string(task) + "." + name, out) : GANGER_BUG;
  };
  h.output = [](ganger_ctx* x, const char* name, const ganger_value* v) -> ganger_status {
    running& r = counted(x);
    return r.allows(call_of(x), "output()") ? r.output(name, *v) : GANGER_BUG;
  };
  h.work_dir = [](ganger_ctx* x) {
    running& r = counted(x);
    return r.allows(call_of(x), "work_dir()") ? r.work_dir() : ganger_str{"", 0};
  };
  h.acquire = [](ganger_ctx* x, const char* interface, const char* name, std::int64_t wait_ns,
                 ganger_lease* out) -> ganger_status {
    running& r = counted(x);
    if (!r.allows(call_of(x), "acquire()")) return GANGER_BUG;
    return r.leases.acquire(interface, name == nullptr ? "" : name, wait_ns, out);
  };
  h.release = [](ganger_ctx* x, ganger_lease* lease, std::uint32_t state) {
    counted(x).leases.release(lease, state);
  };
  h.parallel = [](ganger_ctx* x, std::uint64_t n, ganger_status (*fn)(void*, std::uint64_t), void* user,
                  std::uint32_t most) -> ganger_status {
    running& r = counted(x);
    return r.allows(call_of(x), "parallel()") ? r.parallel(n, fn, user, most) : GANGER_BUG;
  };
  return h;
}

}  // namespace ganger::testing

#endif  // GANGER_TESTING_SERVICES_HPP
