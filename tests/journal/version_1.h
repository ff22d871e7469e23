// What the first version of the journal made of an empty file.
#pragma once
#include <string>

namespace ganger::host {

// The tables as they were, and empty. Never changed.
inline const std::string kTablesOfVersion1 = R"sql(
create table runs(number integer primary key, id text not null unique, job text not null, job_file text not null,
  job_digest text not null, current_dir text not null, command text not null, total integer not null,
  started_ns integer not null, ended_ns integer, end text, exit_code integer) strict;
create index runs_by_time on runs(started_ns);
create table settings(run integer not null references runs on delete cascade, kind text not null,
  position integer not null, name text not null, value text, primary key(run, kind, position)) strict, without rowid;
create table tasks(run integer not null references runs on delete cascade, number integer not null,
  position integer, name text not null, type text not null, primary key(run, number)) strict, without rowid;
create table events(run integer not null references runs on delete cascade, session integer not null,
  seq integer not null, time_ns integer not null, kind text not null, task integer, attempt integer, worker integer,
  outcome text, started_ns integer, run_ns integer, wait_ns integer, pool text, lease integer, level integer,
  total integer, exit_code integer, text text, primary key(run, session, seq)) strict, without rowid;
create table outputs(run integer not null references runs on delete cascade, task integer not null,
  name text not null, type integer not null, value any, primary key(run, task, name)) strict, without rowid;
pragma user_version = 1;
)sql";

}  // namespace ganger::host
