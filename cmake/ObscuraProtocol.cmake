# obscura_protocol(<target> <file.proto>...): messages and services of gRPC as a library, compiled without the house's
# warnings, its headers by <name>.pb.h and <name>.grpc.pb.h.
function(obscura_protocol target)
  set(out "${CMAKE_BINARY_DIR}/generated/grpc")
  file(MAKE_DIRECTORY "${out}")
  set(sources)
  set(services)
  foreach(proto ${ARGN})
    get_filename_component(name "${proto}" NAME_WE)
    get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}/${proto}" DIRECTORY)
    set(made "${out}/${name}.pb.cc" "${out}/${name}.pb.h" "${out}/${name}.grpc.pb.cc" "${out}/${name}.grpc.pb.h")
    add_custom_command(OUTPUT ${made}
      COMMAND "${PROTOC}" "--proto_path=${folder}" "--cpp_out=${out}" "--grpc_out=${out}"
        "--plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN}" "${folder}/${name}.proto"
      DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${proto}" VERBATIM)
    list(APPEND sources ${made})
    list(APPEND services "${out}/${name}.grpc.pb.cc")
  endforeach()
  add_library(${target} STATIC ${sources})
  # gRPC's headers are read once; messages define the same names in each file.
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set_source_files_properties(${services} PROPERTIES UNITY_GROUP services)
  target_compile_options(${target} PRIVATE -w -O1)
  target_include_directories(${target} SYSTEM PUBLIC "${out}")
  target_link_libraries(${target} PUBLIC gRPC::grpc++ gRPC::grpc++_reflection protobuf::libprotobuf)
endfunction()
