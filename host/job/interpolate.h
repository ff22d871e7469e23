// `${...}` in a string of a job file, taken apart. What the references come to is the plan's and the run's business.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

namespace ganger::host {

/// What stands between `${` and `}`.
struct Reference {
  enum class Kind : std::uint8_t {
    param,        ///< ${params.NAME}
    env,          ///< ${env.NAME}
    run,          ///< ${run.id}, ${run.dir}
    job,          ///< ${job.dir}
    task_output,  ///< ${tasks.NAME.OUTPUT}
  };

  Kind kind = Kind::param;
  std::string name;         ///< of the parameter, variable, property or task
  std::string output = {};  ///< of the task; else empty
  std::size_t offset = 0;   ///< of `${` in the string, in bytes
  std::size_t length = 0;   ///< from `${` to `}`, in bytes

  friend bool operator==(const Reference&, const Reference&) = default;
};

/// A string as literal text (`$${` already turned into `${`) and references, in order. No two literals are neighbours
/// and none is empty, so that a string without references is one piece or none.
struct Template {
  std::vector<std::variant<std::string, Reference>> pieces;

  bool has_references() const;
  bool has_task_reference() const;
  /// The reference when the string is nothing else: then a value keeps its type instead of becoming text. Or null.
  const Reference* single_reference() const;
};

/// What is wrong in a string, and which of its bytes are.
struct TemplateError {
  std::string message;
  std::size_t offset = 0;
  std::size_t length = 1;
};

/// All errors of the string in one go.
tl::expected<Template, std::vector<TemplateError>> parse_template(std::string_view text);

/// Cheap, for the many strings that need no template: is there a `${` in it at all?
inline bool may_have_references(std::string_view text) { return text.find("${") != std::string_view::npos; }

}  // namespace ganger::host
