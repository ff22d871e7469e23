// The sections of a job file, TOML -> Job.
#pragma once
#include "host/job/error_list.h"
#include "host/job/field_reader.h"
#include "host/job/job.h"
#include "host/job/task_names.h"
#include "host/job/toml_document.h"

namespace ganger::host {

/// Fills a Job from a document, key by key, going on past what is wrong.
class JobReader {
 public:
  /// `job` has its file, folder and default name already; it and `errors` outlive this.
  JobReader(Job& job, ErrorList& errors) : job_(job), errors_(errors), fields_(errors) {}

  void read(const TomlTable& document);
  const TaskNames& names() const { return names_; }

 private:
  /// False = the key is not one of the job.
  bool read_job_key(const TomlEntry& entry);
  void read_job_name(const TomlEntry& entry);
  void read_plugins(const TomlEntry& entry);
  void read_pools(const TomlEntry& entry);
  void read_pool(const TomlEntry& pool);
  void read_pool_key(const TomlEntry& entry, PoolEntry& pool);
  void read_pool_size(const TomlEntry& entry, PoolEntry& pool);
  void fit_size_to_limit(const TomlTable& table, PoolEntry& pool);
  void read_tasks(const TomlEntry& entry);
  void read_task(const TomlNode& node);
  void read_task_key(const TomlEntry& entry, TaskEntry& task);
  void read_task_name(const TomlEntry& entry, TaskEntry& task);
  void read_when(const TomlEntry& entry, TaskEntry& task);
  void read_isolate(const TomlEntry& entry, TaskEntry& task);

  Job& job_;
  ErrorList& errors_;
  FieldReader fields_;
  TaskNames names_;
};

}  // namespace ganger::host
