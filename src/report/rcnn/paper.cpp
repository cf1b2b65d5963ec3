// The paper's figures, as printed.
#include "report/rcnn/paper.h"

#include <fmt/format.h>

#include "report/text.h"

namespace obscura::report::rcnn_paper {

std::string citation() {
  return "E. M. Alsaedi, A. K. Farhan: Retrieving Encrypted Images Using Convolution Neural Network and Fully "
         "Homomorphic Encryption. Baghdad Science Journal 20(1), 2023, doi 10.21123/bsj.2022.6550";
}

const std::array<const char*, kClasses>& classes() {
  static constexpr std::array<const char*, kClasses> kNames{"airplane", "automobile", "bird",  "cat",  "deer",
                                                            "dog",      "frog",       "horse", "ship", "truck"};
  return kNames;
}

const std::vector<Augmented>& augmentation() {
  static const std::vector<Augmented> kTable5{{"original", 50'000},
                                              {"rotation", 50'000},
                                              {"horizontal shift", 50'000},
                                              {"vertical shift", 50'000},
                                              {"Gaussian blurring", 50'000},
                                              {"horizontal flipping", 50'000},
                                              {"local binary pattern", 50'000},
                                              {"Gaussian noise", 5'000},
                                              {"salt-and-pepper noise", 50'000}};
  return kTable5;
}

const Confusion& confusion() {
  static constexpr Confusion kTable8{{{997, 1, 0, 0, 0, 1, 1, 0, 0, 0},
                                      {1, 994, 0, 0, 0, 1, 0, 1, 1, 2},
                                      {3, 2, 980, 5, 1, 2, 1, 0, 5, 1},
                                      {0, 0, 1, 999, 0, 0, 0, 0, 0, 0},
                                      {2, 1, 0, 2, 984, 1, 4, 3, 1, 2},
                                      {1, 1, 1, 2, 1, 991, 1, 0, 2, 0},
                                      {3, 2, 1, 1, 1, 1, 983, 2, 1, 5},
                                      {0, 0, 0, 0, 0, 0, 0, 998, 0, 2},
                                      {1, 0, 0, 1, 1, 0, 2, 2, 992, 1},
                                      {6, 1, 1, 3, 5, 8, 1, 2, 4, 969}}};
  return kTable8;
}

const std::array<ClassFigures, kClasses>& class_figures() {
  static constexpr std::array<ClassFigures, kClasses> kTable9{{{0.97, 0.99, 0.96},
                                                               {0.99, 0.98, 0.95},
                                                               {0.98, 0.99, 0.99},
                                                               {0.97, 0.96, 0.98},
                                                               {0.98, 0.95, 0.99},
                                                               {0.96, 0.98, 0.96},
                                                               {0.98, 0.98, 0.94},
                                                               {0.99, 0.96, 0.98},
                                                               {0.99, 0.95, 0.99},
                                                               {0.98, 0.99, 0.98}}};
  return kTable9;
}

std::string seconds_text(double seconds) {
  return seconds < 1 ? fmt::format("{} s", seconds) : count_text(seconds) + " s";
}

const std::vector<Compared>& compared() {
  static const std::vector<Compared> kTables{{"Kua et al.", 0.969, 0.707},
                                             {"Hsin et al.", 0.9019, 0.867},
                                             {"Umer et al.", 0, 0.913},
                                             {"RCNN_CKKS", kTestAccuracy, kMap}};
  return kTables;
}

}  // namespace obscura::report::rcnn_paper
