// Who makes the resources of a pool: the seam to the pool kinds of plugins.
#pragma once
#include "host/error.h"

namespace ganger::host {

/// Opens, checks, resets and closes the resources of one pool.
/// Thread: any, several at once; but calls for one handle never overlap, and none comes while it is lent. The pool
/// holds no lock meanwhile, so that a slow call holds up its caller only.
/// Errors: values; nothing is thrown.
class Provider {
 public:
  virtual ~Provider() = default;

  /// A new resource; may block. `borrower` is what the caller of Pool::acquire() handed in, for stop and deadline.
  virtual Result<void*> open(void* borrower) noexcept = 0;
  /// Had the borrower to end? An open() that fails then says nothing about the resource.
  virtual bool has_to_end(void* /*borrower*/) const noexcept { return false; }
  virtual void close(void* handle) noexcept = 0;

  /// Whether check() and reset() do anything, asked once; where they do not, the pool saves itself a lock.
  virtual bool has_check() const noexcept { return false; }
  virtual bool has_reset() const noexcept { return false; }

  /// Before lending one that idled, and when one comes back suspect; false = close it.
  virtual bool check(void* /*handle*/) noexcept { return true; }
  /// When one comes back; false = close it.
  virtual bool reset(void* /*handle*/) noexcept { return true; }
};

}  // namespace ganger::host
