# Run by CPack when the files of all packages are in place and before they are packed: what every package has to have
# (copyright, changelogs), manual pages compressed, and no file in two packages.
set(names)
file(GLOB roots LIST_DIRECTORIES true "${CPACK_TEMPORARY_DIRECTORY}/*")
# Whose time everything bears: the last commit's, else that of the changes.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  message(FATAL_ERROR "packages are made by ./dev deb, which says how old they are (SOURCE_DATE_EPOCH)")
endif()
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(version "${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")

# compressed(<file>): FILE.gz in its place, the same bytes each time.
function(compressed file)
  execute_process(COMMAND gzip -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(root ${roots})
  if(NOT IS_DIRECTORY "${root}")
    continue()
  endif()
  get_filename_component(group "${root}" NAME)
  string(TOUPPER "${group}" upper)
  set(name "${CPACK_DEBIAN_${upper}_PACKAGE_NAME}")
  if(NOT name)
    message(FATAL_ERROR "${root} is of no package")
  endif()
  set(doc "${root}/usr/share/doc/${name}")
  configure_file("${CPACK_OBSCURA_SOURCE}/packaging/deb/copyright" "${doc}/copyright" COPYONLY)
  configure_file("${CPACK_OBSCURA_SOURCE}/CHANGELOG.md" "${doc}/changelog" COPYONLY)
  file(WRITE "${doc}/changelog.Debian" "obscura (${version}) bookworm; urgency=medium\n\n"
    "  * As built from its sources; what is new is in changelog.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  compressed("${doc}/changelog")
  compressed("${doc}/changelog.Debian")
  file(GLOB pages "${root}/usr/share/man/man*/*.[1-8]")
  foreach(page ${pages})
    compressed("${page}")
  endforeach()
  # What lintian would say of packages in Debian's own archive, and what is meant so.
  set(overrides "${name}: initial-upload-closes-no-bugs *\n")
  set(own "${CPACK_OBSCURA_SOURCE}/packaging/deb/${name}/lintian-overrides")
  if(EXISTS "${own}")
    file(READ "${own}" more)
    string(APPEND overrides "${more}")
  endif()
  file(WRITE "${root}/usr/share/lintian/overrides/${name}" "${overrides}")
endforeach()

# Each component of the library says what is installed; of two packages only the one that the other depends on.
file(GLOB shared "${CPACK_TEMPORARY_DIRECTORY}/libobscura_client_dev/usr/lib/cmake/Obscura/*")
foreach(file ${shared})
  get_filename_component(file "${file}" NAME)
  file(REMOVE "${CPACK_TEMPORARY_DIRECTORY}/libobscura_dev/usr/lib/cmake/Obscura/${file}")
endforeach()
