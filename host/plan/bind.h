// Gives the parameters of a task type or pool kind the values a job has for them.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/error.h"
#include "host/job/job.h"
#include "host/plan/plan.h"
#include "host/plugin/types.h"
#include "host/secrets.h"

namespace ganger::host {

/// What `${...}` can refer to before anything runs.
struct Facts {
  std::map<std::string, std::string, std::less<>> overrides;  ///< --param K=V
  std::string run_id;
  std::filesystem::path run_dir;
  std::filesystem::path current_dir;  ///< relative paths are relative to it
  /// An environment variable; null when it is not set.
  std::function<const char*(const std::string&)> env;
  Secrets* secrets = &secrets_of_process();  ///< learns those that are bound
};

/// An output of a task, by their names.
struct OutputName {
  std::string task, output;

  friend auto operator<=>(const OutputName&, const OutputName&) = default;
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

  /// Of the job's own parameters, those that are in a secret one of a task or pool.
  const std::set<std::string>& secret_params() const { return secret_.params; }
  /// And outputs that will be.
  const std::set<OutputName>& secret_outputs() const { return secret_.outputs; }
  bool uses_run_dir() const { return uses_run_dir_; }

 private:
  struct Evaluated {
    Value value;    ///< when nothing is left to refer to
    Template left;  ///< else: text and task outputs
    bool is_ok = true, is_deferred = false;
  };
  /// What a value was put together from, but for what everybody may know: the folders and the id.
  struct Ingredients {
    std::set<std::string> texts, params;
    std::set<OutputName> outputs;

    void add(const Value& value);
    void add(const Ingredients& other);
  };
  struct JobParam {
    Value value;
    Ingredients of;
  };
  void evaluate_params();
  Evaluated evaluate(const JobValue& value, std::vector<NameAt>* outputs_of, Ingredients* of);
  bool look_up(const Reference& reference, const JobValue& in, Value& out, Ingredients* of);
  void keep_secret(const Ingredients& of);
  void bind_element(const Param& param, const JobValue& value, std::vector<NameAt>* outputs_of, BoundParam& bound);
  void add_error(std::string message, Where where);

  const Job& job_;
  const Facts& facts_;
  Errors& errors_;
  std::map<std::string, JobParam, std::less<>> params_;
  Ingredients secret_;
  bool uses_run_dir_ = false;
};

}  // namespace ganger::host
