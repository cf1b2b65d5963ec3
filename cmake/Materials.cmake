# The bill of materials of this build: Debian's packages that it is made from, with their versions, as ./dev names them.
# Writes generated/base/materials.h. Elsewhere than on Debian the list is empty.
function(obscura_materials file)
  set(rows "")
  find_program(DPKG_QUERY dpkg-query)
  if(DPKG_QUERY)
    execute_process(COMMAND "${CMAKE_SOURCE_DIR}/dev" packages OUTPUT_VARIABLE names OUTPUT_STRIP_TRAILING_WHITESPACE
      COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "\n" ";" names "${names}")
    # Packages that are not there were not needed for this build: dpkg-query says so, and lists the others.
    execute_process(COMMAND ${DPKG_QUERY} -W -f "\${db:Status-Abbrev}\${Package} \${Version}\n" ${names}
      OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REGEX MATCHALL "ii ([^ \n]+) ([^ \n]+)" found "${found}")
    foreach(line ${found})
      string(REGEX REPLACE "ii ([^ ]+) ([^ ]+)" "    {\"\\1\", \"\\2\"},\n" row "${line}")
      string(APPEND rows "${row}")
    endforeach()
  endif()
  set(OBSCURA_MATERIALS "${rows}")
  configure_file("${CMAKE_SOURCE_DIR}/src/base/materials.h.in" "${file}" @ONLY)
endfunction()
