# The headers of some floors as outsiders include them, <obscura/ckks/encoder.h>: copied from src/ and include/obscura/,
# with the includes of each other under that name.
# usage: cmake -DSOURCE=project -DGENERATED=build/generated -DOUT=folder -DHEADERS="ckks;obscura/owner.h;..." -P ...
# An entry is a folder of src/, with all that is below it, or one header.
file(REMOVE_RECURSE "${OUT}")
foreach(entry IN LISTS HEADERS)
  foreach(root "${SOURCE}/src" "${SOURCE}/include" "${GENERATED}")
    if(IS_DIRECTORY "${root}/${entry}")
      file(GLOB_RECURSE found RELATIVE "${root}" "${root}/${entry}/*.h")
    elseif(EXISTS "${root}/${entry}")
      set(found "${entry}")
    else()
      continue()
    endif()
    foreach(header IN LISTS found)
      file(READ "${root}/${header}" text)
      string(REPLACE "#include \"obscura/" "#include \"" text "${text}")
      string(REPLACE "#include \"" "#include \"obscura/" text "${text}")
      string(REGEX REPLACE "^obscura/" "" header "${header}")
      file(WRITE "${OUT}/obscura/${header}" "${text}")
    endforeach()
  endforeach()
endforeach()
