# Debian packages by CPack (./dev deb, docs/packages.md): which component goes into which, and what their control files
# say. What a package needs to run is found by dpkg-shlibdeps in its programs; what who builds on it needs stands here.
set(OBSCURA_MAINTAINER "Obscura maintainers <maintainers@obscura.invalid>" CACHE STRING "Maintainer of the packages")
set(OBSCURA_PACKAGE_REVISION 1 CACHE STRING "Debian revision of the packages")
set(packaging "${CMAKE_SOURCE_DIR}/packaging")

# What is of use in a package alone: paths that are the system's, not the prefix's.
install(FILES "${packaging}/man/obscura.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT programs_system
  EXCLUDE_FROM_ALL)
install(FILES "${packaging}/completion/obscura" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
  COMPONENT programs_system EXCLUDE_FROM_ALL)
file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/*.md")
install(FILES README.md ${pages} DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/obscura" COMPONENT programs_system
  EXCLUDE_FROM_ALL)
install(DIRECTORY examples/ DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/libobscura-dev/examples" COMPONENT dev_system
  EXCLUDE_FROM_ALL PATTERN "*.sh" EXCLUDE)
install(FILES "${packaging}/systemd/obscura-server.service" DESTINATION /lib/systemd/system COMPONENT service_system
  EXCLUDE_FROM_ALL)
install(FILES "${packaging}/systemd/sysusers.conf" RENAME obscura-server.conf DESTINATION lib/sysusers.d
  COMPONENT service_system EXCLUDE_FROM_ALL)
install(FILES "${packaging}/systemd/default" RENAME obscura-server DESTINATION /etc/default COMPONENT service_system
  EXCLUDE_FROM_ALL)
install(DIRECTORY DESTINATION /etc/obscura/models COMPONENT service_system EXCLUDE_FROM_ALL)
install(DIRECTORY DESTINATION /etc/obscura/tls DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  COMPONENT service_system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME obscura)
set(CPACK_PACKAGE_VENDOR "Obscura")
set(CPACK_PACKAGE_CONTACT "${OBSCURA_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_SOURCE_DIR}/build/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_THREADS 0)  # all
set(CPACK_DEBIAN_PACKAGE_RELEASE "${OBSCURA_PACKAGE_REVISION}")
set(CPACK_DEBIAN_PACKAGE_SOURCE obscura)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# What every package has to have, and no file twice.
set(CPACK_PRE_BUILD_SCRIPTS "${packaging}/deb/stage.cmake")
set(CPACK_OBSCURA_SOURCE "${CMAKE_SOURCE_DIR}")
set(same_version "(= ${PROJECT_VERSION}-${OBSCURA_PACKAGE_REVISION})")

# Debian's descriptions have lines of their own, of at most 80 characters.
function(obscura_wrapped text out)
  string(REPLACE " " ";" words "${text}")
  set(lines "")
  set(line "")
  foreach(word ${words})
    string(LENGTH "${line} ${word}" length)
    if(length GREATER 76)
      string(APPEND lines "${line}\n")
      set(line "${word}")
    elseif(line STREQUAL "")
      set(line "${word}")
    else()
      string(APPEND line " ${word}")
    endif()
  endforeach()
  set(${out} "${lines}${line}" PARENT_SCOPE)
endfunction()

# obscura_package(<name> COMPONENTS c... [PROGRAMS] SECTION s SUMMARY line TEXT paragraph [DEPENDS ...] [RECOMMENDS ...]
#   [SUGGESTS ...] [CONTROL file...])   PROGRAMS: what they load is a dependency. The variables go where CPack looks.
macro(obscura_package name)
  cmake_parse_arguments(ARG "PROGRAMS" "SECTION;SUMMARY;TEXT" "COMPONENTS;DEPENDS;RECOMMENDS;SUGGESTS;CONTROL" ${ARGN})
  string(MAKE_C_IDENTIFIER "${name}" group)
  string(TOUPPER "${group}" upper)
  foreach(component ${ARG_COMPONENTS})
    string(TOUPPER "${component}" upper_component)
    set(CPACK_COMPONENT_${upper_component}_GROUP ${group})
  endforeach()
  list(APPEND CPACK_COMPONENTS_ALL ${ARG_COMPONENTS})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME "${name}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION "${ARG_SECTION}")
  obscura_wrapped("${ARG_TEXT}" text)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${ARG_SUMMARY}\n${text}")
  set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS "${ARG_PROGRAMS}")
  foreach(field DEPENDS RECOMMENDS SUGGESTS)
    list(JOIN ARG_${field} ", " CPACK_DEBIAN_${upper}_PACKAGE_${field})
  endforeach()
  if(ARG_CONTROL)
    list(TRANSFORM ARG_CONTROL PREPEND "${packaging}/deb/${name}/")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${ARG_CONTROL}")
  endif()
endmacro()

obscura_package(obscura COMPONENTS programs programs_system PROGRAMS SECTION science
  SUMMARY "classifies and finds images that nobody but their owner can see"
  TEXT "Obscura runs neural networks on homomorphically encrypted images (CKKS, 128-bit security): an owner encrypts, a server that never holds the secret computes, and only the owner reads the answer. This package has the command line of the owner and of servers that work on files, with networks and sample pictures."
  RECOMMENDS ca-certificates SUGGESTS "obscura-server ${same_version}" "obscura-learning ${same_version}" curl)

if(TARGET obscura-learning)
  obscura_package(obscura-learning COMPONENTS learning PROGRAMS SECTION science
    SUMMARY "trains networks for encrypted and for protected images"
    TEXT "The verbs of Obscura that need LibTorch: train, convert, reproduce, and the attacks on protected pictures that learn."
    DEPENDS "obscura ${same_version}" RECOMMENDS libopenblas0-pthread)
endif()

if(TARGET obscura-server)
  obscura_package(obscura-server COMPONENTS service service_system PROGRAMS SECTION net
    SUMMARY "service that answers encrypted queries"
    TEXT "Models and galleries over REST and gRPC (Open Inference Protocol, KServe v2) for owners of encrypted images, as a systemd service that is neither enabled nor started by itself. Its program holds no code that decrypts."
    DEPENDS "obscura ${same_version}" "systemd | systemd-standalone-sysusers | systemd-sysusers"
    SUGGESTS openssl CONTROL postinst prerm postrm conffiles)
endif()

obscura_package(libobscura-client-dev COMPONENTS client SECTION libdevel
  SUMMARY "owner's half of Obscura as a C++ library"
  TEXT "Headers and static libraries to make keys, encrypt pictures and read answers, and the CKKS scheme by itself, with files for CMake (find_package(Obscura COMPONENTS client)) and pkg-config (obscura-client)."
  DEPENDS libsodium-dev SUGGESTS "libobscura-dev ${same_version}")

set(remote)
if(OBSCURA_SERVICE)
  set(remote libcurl4-openssl-dev)
endif()
set(tiff)
if(OBSCURA_TIFF)
  set(tiff libtiff-dev)
endif()
set(attacks)
if(OBSCURA_LEARNING)
  set(attacks attacks)
endif()
set(components server compiler shield ${attacks})
if(OBSCURA_SERVICE)
  list(APPEND components remote)
endif()
obscura_package(libobscura-dev COMPONENTS ${components} dev_system SECTION libdevel
  SUMMARY "Obscura as C++ libraries"
  TEXT "Headers and static libraries beside those of the owner's half: server (programs on ciphertexts), remote (the client of a service), compiler (ONNX to programs), shield (keyed transforms of pictures) and attacks on them, with files for CMake and pkg-config."
  DEPENDS "libobscura-client-dev ${same_version}" libzstd-dev libfmt-dev ${remote} nlohmann-json3-dev libonnx-dev
    libprotobuf-dev libopencv-core-dev libopencv-dnn-dev libopencv-imgproc-dev libjpeg62-turbo-dev libpng-dev libwebp-dev
    zlib1g-dev ${tiff} libeigen3-dev)

if(OBSCURA_PYTHON)
  obscura_package(python3-obscura COMPONENTS python PROGRAMS SECTION python
    SUMMARY "Obscura for Python"
    TEXT "Encrypted images from Python: compile networks, make keys, encrypt, compute on ciphertexts, read answers, ask a service, numpy in and numpy out. The owner's half, obscura.owner, imports without the server's."
    DEPENDS "python3 (>= 3.11)" "python3 (<< 3.12)" python3-numpy SUGGESTS "obscura ${same_version}" python3-tqdm
    CONTROL postinst prerm)
  if(OBSCURA_LEARNING)
    obscura_package(python3-obscura-learning COMPONENTS python_learning PROGRAMS SECTION python
      SUMMARY "attacks on protected pictures for Python"
      TEXT "What obscura.audit needs for attacks that learn: the part of Obscura for Python that loads LibTorch."
      DEPENDS "python3 (>= 3.11)" "python3 (<< 3.12)" "python3-obscura ${same_version}" RECOMMENDS libopenblas0-pthread)
  endif()
endif()

# Everything that is packed.
get_property(installed GLOBAL PROPERTY OBSCURA_INSTALLED)
list(REMOVE_ITEM installed obscura_onnx)  # an interface: nothing to build
add_custom_target(obscura_packaged)
add_dependencies(obscura_packaged ${installed})
if(TARGET obscura_python)
  add_dependencies(obscura_packaged obscura_python)
endif()
include(CPack)
