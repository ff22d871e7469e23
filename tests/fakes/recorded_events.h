// Keeps what happens in a run, and can be asked whether things went in that order.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "host/run/event.h"

namespace ganger::host {

/// Thread: one, or none while it is read.
class RecordedEvents final : public EventSink {
 public:
  bool wants(EventKind) const override { return true; }
  bool wants_log(int) const override { return true; }
  void push(Event event) override {
    if (on_event) on_event(event);
    all.push_back(std::move(event));
  }

  std::vector<Event> of(EventKind kind) const {
    std::vector<Event> found;
    for (const Event& e : all)
      if (e.kind == kind) found.push_back(e);
    return found;
  }

  std::vector<Event> all;
  std::function<void(const Event&)> on_event;
};

}  // namespace ganger::host
