# cmake -D ROOT=... -P sinks.cmake: who may write to a descriptor or a stream. All text that the program shows has to
# pass host/secrets.h, which those below see to. Fails with the file and line of each other one.
cmake_minimum_required(VERSION 3.22)

set(sinks
  # What they write was masked when it was made: an event when it was pushed, a line or an answer when it was said, the
  # reasons of a summary when the task ended.
  host/session/run_reports.cc host/report/say.cc host/report/console.cc host/report/events_file.cc host/report/output_file.cc
  host/report/terminal.cc
  # No text of a plugin or a job but names, nor a value.
  host/check/opening.cc host/cli/project_template.cc host/check/run_describe.cc host/session/session.cc
  host/check/sudden_end.cc host/isolate/child/child_main.cc host/isolate/crash/crash_text.h host/job/read_pins.cc host/main.cc
  host/out_of_memory.cc host/plugin/elf_note.cc host/shared_map.cc host/stop/stack_dump.cc
  # A record: what a task has set, sealed by its call.
  host/journal/output_log.cc
  # It masks all that it sends.
  host/report/service_manager.cc
  # What host and children say to each other.
  host/check/run_trial.cc host/check/trial.cc host/isolate/child/child.cc host/isolate/child/child_channel.cc host/isolate/child/child_channel.h)

set(writes "(^|[^A-Za-z0-9_.>])(write_all|write|pwrite|writev|send|sendto|sendmsg|dprintf|f?printf|fputs|puts|fputc|putchar|fwrite)\\(|std::(cout|cerr|clog)")
set(declarations "^ *(//|///|bool write_all\\(|void write\\(|Result<void> write\\()|memory_probe|[^;]*write\\((out|to|in),|fmt::")

set(violations "")
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/host/*.h ${ROOT}/host/*.cc)
if(NOT files)
  message(FATAL_ERROR "no sources under '${ROOT}'")
endif()
foreach(file IN LISTS files)
  if(file IN_LIST sinks)
    continue()
  endif()
  file(STRINGS ${ROOT}/${file} lines)
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "//.*" "" code "${line}")
    if(code MATCHES "${writes}" AND NOT code MATCHES "${declarations}")
      string(APPEND violations "${file}: ${line}\n")
    endif()
  endforeach()
endforeach()
if(violations)
  message(NOTICE "${violations}")
  message(FATAL_ERROR "these write past the one who takes secrets out of texts: use say(), answer() or an event; what "
                      "is no text of a job or plugin goes into the list in tests/sinks.cmake")
endif()
