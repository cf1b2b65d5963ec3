#pragma once

#include <obscura/owner.h>

#include <string_view>

/// A seven, 28x28, dark to light: " .:-=+*#%@".
inline constexpr std::string_view kSeven =
    "                            "
    "                            "
    "                            "
    "                            "
    "                            "
    "                            "
    "                .:=*:       "
    "         *%##*#%@@@@*       "
    "         *@@@@@@%#%@-       "
    "          .:--:. +@#        "
    "                .%@-        "
    "                +@*         "
    "               .@@:         "
    "               +@*          "
    "              :@@:          "
    "          ..::*@*#%-        "
    "         *@@@@@@@@@-        "
    "         +%%%#@+=:.         "
    "            -@%.            "
    "           .%@=             "
    "           =@#              "
    "          .%@-              "
    "          +@*               "
    "         :@@:               "
    "         #@+                "
    "        .@%.                "
    "         -:                 "
    "                            ";

inline obscura::Pixels picture_of_a_seven() {
  constexpr std::string_view shades = " .:-=+*#%@";
  obscura::Pixels picture{28, 28, 1, {}};
  for (const char c : kSeven) picture.values.push_back(static_cast<std::uint8_t>(shades.find(c) * 28));
  return picture;
}
