// A run as a Chrome trace: what each thread did when, for Perfetto and chrome://tracing.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "host/report/events_file.h"
#include "host/report/json_text.h"
#include "host/report/output_file.h"

namespace ganger::host {

/// One row for the serial lane and one for each worker; a bar for each attempt, and inside it one for each wait for
/// a pool.
class Trace final : public Reporter {
 public:
  Trace(OutputFile file, const RunNames& names) : file_(std::move(file)), names_(names) {}

  bool wants(EventKind kind) const override;
  void report(const Event& event) override;

  /// How the writing went, once run_finished has been reported. Shared, because it is asked after the reporter has
  /// gone.
  std::shared_ptr<const Result<void>> written() const { return written_; }

 private:
  void begin(const Event& run_started);
  void end_attempt(const Event& event);
  void add_bar(const std::string& name, const char* category, std::int16_t worker, std::int64_t from_ns,
               std::int64_t to_ns, Json args);
  void add(const Json& entry);
  void flush();

  OutputFile file_;
  const RunNames& names_;
  std::int64_t origin_ns_ = 0;
  std::map<std::pair<TaskIndex, std::uint32_t>, Event> running_;  // task_started of attempts that have not ended
  std::set<std::int16_t> rows_;                                   // that have a name
  std::string waiting_;                                           // to be written
  bool has_entries_ = false;
  std::shared_ptr<Result<void>> written_ = std::make_shared<Result<void>>();
};

}  // namespace ganger::host
