// A work pool whose workers do nothing but help in parallel().
#pragma once
#include <optional>

#include "host/run/executor.h"

namespace ganger::host {

/// Has nothing for them to take, and is told of nothing that they have ended.
class NoAttempts final : public TaskBody, public Completion {
 public:
  Finished run(const Attempt& attempt) override { return {.task = attempt.task, .number = attempt.number}; }
  [[nodiscard]] std::optional<Attempt> ended(Finished /*finished*/) override { return std::nullopt; }
  void has_room() override {}
};

}  // namespace ganger::host
