# cmake -D PROGRAM=ganger -D OBJCOPY=objcopy -D PLUGIN=FILE.so -P GangerAddNote.cmake
#
# Asks a plugin that has just been linked what it provides, and puts the answer into the file: the section .note.ganger.
# Without it the plugin works as well, so that a program that cannot open it (built with a sanitizer, for one) is no error.
cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND ${PROGRAM} inspect ${PLUGIN} --note ${PLUGIN}.note --unsafe-plugins
                RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE said)
if(NOT code EQUAL 0)
  string(REGEX REPLACE "(^|\n)[^\n]*--unsafe-plugins[^\n]*" "" said "${said}")
  string(STRIP "${said}" said)
  message(NOTICE "warning: no note of what it provides for ${PLUGIN}: ${said}")
  return()
endif()

execute_process(COMMAND ${OBJCOPY} --add-section .note.ganger=${PLUGIN}.note ${PLUGIN} COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${PLUGIN}.note)
