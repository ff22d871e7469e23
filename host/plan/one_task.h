// A job of one task, from a command line instead of a file.
#pragma once
#include <string>
#include <vector>

#include "host/job/job.h"
#include "host/plugin/types.h"

namespace ganger::host {

/// Shape: arguments = KEY=VALUE, again for one more element of a list; `${...}` refers as in a job file
Job one_task_job(const std::string& type, const TaskType& described, const std::vector<std::string>& arguments);

/// `text` with every `${` written so that it stands for itself.
std::string literally(std::string text);

}  // namespace ganger::host
