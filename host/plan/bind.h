// Gives the parameters of a task type or pool kind the values a job has for them.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/job/job.h"
#include "host/plan/plan.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// What `${...}` can refer to before anything runs.
struct Facts {
  std::map<std::string, std::string, std::less<>> overrides;  ///< --param K=V
  std::string run_id;
  std::filesystem::path run_dir;
  std::filesystem::path current_dir;  ///< relative paths are relative to it
  /// An environment variable; null when it is not set.
  std::function<const char*(const std::string&)> env;
};

/// A parameter that was wrong is reported and bound to nothing, so that all errors are found in one go.
class Binder {
 public:
  /// Works out the job's own parameters. Lifetime: job, facts and errors outlive it.
  Binder(const Job& job, const Facts& facts, Errors& errors);

  /// Values for all `params`, from `with` and the defaults. `owner` is what has them: "files.hash".
  /// Shape: outputs_of gets the tasks that `${tasks...}` refers to; null where there may be none (pools)
  Binding bind(const std::vector<Param>& params, const std::vector<Setting>& with, std::string_view owner,
               const Where& missing_at, std::vector<NameAt>* outputs_of);

  /// Texts of parameters of type secret.
  const std::vector<std::string>& secrets() const { return secrets_; }
  bool uses_run_dir() const { return uses_run_dir_; }

 private:
  struct Evaluated {
    Value value;    ///< when nothing is left to refer to
    Template left;  ///< else: text and task outputs
    bool is_ok = true, is_deferred = false;
  };
  void evaluate_params();
  Evaluated evaluate(const JobValue& value, std::vector<NameAt>* outputs_of);
  bool look_up(const Reference& reference, const JobValue& in, Value& out);
  void bind_element(const Param& param, const JobValue& value, std::vector<NameAt>* outputs_of, BoundParam& bound);
  void add_error(std::string message, Where where);

  const Job& job_;
  const Facts& facts_;
  Errors& errors_;
  std::map<std::string, Value, std::less<>> params_;
  std::vector<std::string> secrets_;
  bool uses_run_dir_ = false;
};

}  // namespace ganger::host
