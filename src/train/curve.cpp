#include "train/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/version.h"

namespace obscura::train {
namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 360;
constexpr double kLeft = 60;
constexpr double kTop = 40;
constexpr double kRight = 620;
constexpr double kBottom = 310;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string polyline(const TrainResult& result, double EpochResult::*value, double floor, const char* colour) {
  std::string points;
  const double steps = std::max<double>(1, static_cast<double>(result.epochs.size()) - 1);
  for (std::size_t i = 0; i < result.epochs.size(); ++i) {
    const double x = kLeft + (kRight - kLeft) * static_cast<double>(i) / steps;
    const double share = (result.epochs[i].*value - floor) / (1 - floor);
    points += fmt::format("{:.1f},{:.1f} ", x, kBottom - (kBottom - kTop) * std::clamp(share, 0.0, 1.0));
  }
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>\n", colour, points);
}

/// Lower end of the axis: just below the worst accuracy, so that the curve fills the picture.
double axis_floor(const TrainResult& result) {
  double lowest = 1;
  for (const auto& e : result.epochs) lowest = std::min({lowest, e.train_accuracy, e.test_accuracy});
  return std::clamp(std::floor(lowest * 20 - 0.2) / 20, 0.0, 0.95);
}

}  // namespace

std::string curve_json(const CurveHeader& header, const TrainResult& result) {
  nlohmann::ordered_json json;
  json["version"] = kVersion;
  json["model"] = header.model;
  json["dataset"] = header.dataset;
  json["command"] = header.command;
  json["recipe"] = header.recipe;
  json["seed"] = header.seed;
  json["threads"] = header.threads;
  json["gemm_gflops"] = header.gemm_gflops;
  json["device"] = header.device;
  json["test_accuracy"] = result.test_accuracy;
  json["epochs"] = nlohmann::ordered_json::array();
  for (const auto& e : result.epochs) {
    json["epochs"].push_back({{"epoch", e.epoch},
                              {"train_loss", e.train_loss},
                              {"train_accuracy", e.train_accuracy},
                              {"test_accuracy", e.test_accuracy},
                              {"seconds", e.seconds},
                              {"images_per_second", e.images_per_second}});
  }
  json["activations"] = nlohmann::ordered_json::array();
  for (const auto& a : result.activations) {
    json["activations"].push_back({{"layer", a.layer}, {"max_abs", a.max_abs}, {"rms", a.rms}, {"p999", a.p999}});
  }
  json["outliers"] = nlohmann::ordered_json::array();
  for (const auto& o : result.outliers) json["outliers"].push_back({{"limit", o.limit}, {"images", o.images}});
  json["skipped_steps"] = result.skipped_steps;
  return json.dump(2) + "\n";
}

std::string curve_svg(const CurveHeader& header, const TrainResult& result) {
  const double floor = axis_floor(result);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{}\" y=\"24\">{} on {}: {:.2f} % of the test images</text>\n",
      kWidth, kHeight, kLeft, escaped(header.model), escaped(header.dataset), 100 * result.test_accuracy);
  for (int i = 0; i <= 4; ++i) {
    const double y = kBottom - (kBottom - kTop) * i / 4;
    svg += fmt::format("<path d=\"M{} {:.1f}H{}\" stroke=\"#ddd\"/><text x=\"8\" y=\"{:.1f}\">{:.1f} %</text>\n", kLeft,
                       y, kRight, y + 4, 100 * (floor + (1 - floor) * i / 4));
  }
  svg += polyline(result, &EpochResult::train_accuracy, floor, "#9a9a9a");
  svg += polyline(result, &EpochResult::test_accuracy, floor, "#1f5fbf");
  svg += fmt::format(
      "<text x=\"{}\" y=\"340\">epoch 1 to {}</text><text x=\"380\" y=\"340\" fill=\"#9a9a9a\">training images</text>"
      "<text x=\"520\" y=\"340\" fill=\"#1f5fbf\">test images</text>\n</svg>\n",
      kLeft, result.epochs.size());
  return svg;
}

}  // namespace obscura::train
