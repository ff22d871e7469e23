// A pool of the plugin `demo`, and tasks that borrow from it as plugins do: through the C table of the SDK.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "host/call/context.h"
#include "host/call/pool_set.h"
#include "host/call/services.h"
#include "plugins/demo/connection.h"
#include "tests/bench/demo.h"

namespace ganger::bench {

/// One call into a plugin, with an owner of its own. Thread: one
class Borrower {
 public:
  explicit Borrower(host::PoolSet& pools) { ctx_.begin({.scope = &scope_, .stop = &stop_, .pools = &pools}); }
  ~Borrower() { ctx_.end(); }
  Borrower(const Borrower&) = delete;
  Borrower& operator=(const Borrower&) = delete;

  ganger_lease acquire() {
    ganger_lease lease{};
    if (host_->acquire(handle_.get(), DEMO_CONNECTION_INTERFACE, "bench", -1, &lease) != GANGER_OK) {
      std::fprintf(stderr, "acquire: %s\n", ctx_.take_why().c_str());
      std::exit(EXIT_FAILURE);
    }
    return lease;
  }
  void release(ganger_lease& lease) { host_->release(handle_.get(), &lease, GANGER_LEASE_CLEAN); }
  void acquire_and_release() {
    ganger_lease lease = acquire();
    release(lease);
  }

 private:
  const ganger_host* host_ = host::host_table();
  SilentScope scope_;
  host::StopSource stop_;
  host::PluginCall ctx_;
  host::CallHandle handle_{ctx_};
};

/// A pool whose resources all exist.
class TablePool {
 public:
  explicit TablePool(std::uint32_t size) : set_(clock_) {
    const auto added = set_.add(*demo_plugin().find_pool_kind("connection"), {.name = "bench", .size = size}, {});
    if (!added) {
      std::fprintf(stderr, "%s\n", describe(added.error()).c_str());
      std::exit(EXIT_FAILURE);
    }
    Borrower first(set_);
    std::vector<ganger_lease> leases;
    for (std::uint32_t i = 0; i < size; ++i) leases.push_back(first.acquire());
    for (ganger_lease& lease : leases) first.release(lease);
  }
  ~TablePool() { set_.close(); }
  TablePool(const TablePool&) = delete;
  TablePool& operator=(const TablePool&) = delete;

  host::PoolSet& set() { return set_; }

 private:
  host::SteadyClock clock_;
  host::PoolSet set_;
};

}  // namespace ganger::bench
