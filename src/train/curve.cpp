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

using Json = nlohmann::ordered_json;

bool validates(const TrainResult& result) {
  return result.choice.validated > 0;
}

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

double x_of(const TrainResult& result, std::size_t at) {
  const double steps = std::max<double>(1, static_cast<double>(result.epochs.size()) - 1);
  return kLeft + (kRight - kLeft) * static_cast<double>(at) / steps;
}

std::string polyline(const TrainResult& result, double EpochResult::*value, double floor, const char* colour) {
  std::string points;
  for (std::size_t i = 0; i < result.epochs.size(); ++i) {
    const double x = x_of(result, i);
    const double share = (result.epochs[i].*value - floor) / (1 - floor);
    points += fmt::format("{:.1f},{:.1f} ", x, kBottom - (kBottom - kTop) * std::clamp(share, 0.0, 1.0));
  }
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>\n", colour, points);
}

/// Lower end of the axis: just below the worst accuracy, so that the curve fills the picture.
double axis_floor(const TrainResult& result) {
  double lowest = 1;
  for (const auto& e : result.epochs)
    lowest = std::min({lowest, e.train_accuracy, validates(result) ? e.validation_accuracy : 1});
  return std::clamp(std::floor(lowest * 20 - 0.2) / 20, 0.0, 0.95);
}

/// A line from top to bottom at the kept epoch.
std::string kept_line(const TrainResult& result) {
  const std::size_t kept = result.choice.kept_epoch;
  if (!validates(result) || kept == 0) return "";
  const double x = x_of(result, kept - 1);
  return fmt::format("<path d=\"M{:.1f} {}V{}\" stroke=\"#1f5fbf\" stroke-dasharray=\"4 4\"/>\n", x, kTop, kBottom);
}

Json share_json(double value, bool known) {
  return known ? Json(value) : Json();
}

Json test_json(const Figures& figures, const std::vector<std::string>& names) {
  Json classes = Json::array();
  for (std::size_t c = 0; c < figures.classes.size(); ++c) {
    const ClassFigures& one = figures.classes[c];
    classes.push_back({{"class", c < names.size() ? names[c] : std::to_string(c)},
                       {"images", one.images},
                       {"predicted", one.predicted},
                       {"recall", share_json(one.recall, one.images > 0)},
                       {"precision", share_json(one.precision, one.predicted > 0)},
                       {"f1", share_json(one.f1, one.images + one.predicted > 0)}});
  }
  return {{"images", figures.images},           {"right", figures.right},
          {"accuracy", figures.accuracy},       {"interval", figures.interval},
          {"mean_recall", figures.mean_recall}, {"classes", classes},
          {"confusion", figures.confusion}};
}

void put_choice(Json& json, const TrainResult& result) {
  const Choice& choice = result.choice;
  json["kept_epoch"] = choice.kept_epoch;
  json["chosen_by"] = !validates(result) ? "last_epoch"
                      : choice.by_recall ? "validation_recall"
                                         : "validation_accuracy";
  json["stopped_early"] = choice.stopped_early;
  json["images"] = {{"training", choice.learnt}, {"validation", choice.validated}, {"test", result.test.images}};
  json["validation_from"] = !validates(result) ? "none" : choice.given ? "dataset" : "held_back";
  json["class_weights"] = choice.class_weights.empty() ? Json() : Json(choice.class_weights);
}

Json epoch_json(const EpochResult& e, bool validated) {
  Json json = {{"epoch", e.epoch}, {"train_loss", e.train_loss}, {"train_accuracy", e.train_accuracy}};
  if (validated) {
    json["validation_loss"] = e.validation_loss;
    json["validation_accuracy"] = e.validation_accuracy;
    json["validation_recall"] = e.validation_recall;
  }
  json["seconds"] = e.seconds;
  json["images_per_second"] = e.images_per_second;
  return json;
}

}  // namespace

std::string curve_json(const CurveHeader& header, const TrainResult& result) {
  Json json;
  json["version"] = kVersion;
  json["model"] = header.model;
  json["dataset"] = header.dataset;
  json["command"] = header.command;
  json["recipe"] = header.recipe;
  json["seed"] = header.seed;
  json["threads"] = header.threads;
  json["gemm_gflops"] = header.gemm_gflops;
  json["device"] = header.device;
  put_choice(json, result);
  json["test_accuracy"] = result.test.accuracy;
  json["test"] = test_json(result.test, header.classes);
  json["epochs"] = Json::array();
  for (const auto& e : result.epochs) json["epochs"].push_back(epoch_json(e, validates(result)));
  json["activations"] = Json::array();
  for (const auto& a : result.activations) {
    json["activations"].push_back({{"layer", a.layer}, {"max_abs", a.max_abs}, {"rms", a.rms}, {"p999", a.p999}});
  }
  json["outliers"] = Json::array();
  for (const auto& o : result.outliers) json["outliers"].push_back({{"limit", o.limit}, {"images", o.images}});
  json["skipped_steps"] = result.skipped_steps;
  json["notes"] = header.notes;
  for (const std::string& line : result.choice.notes) json["notes"].push_back(line);
  return json.dump(2) + "\n";
}

std::string curve_svg(const CurveHeader& header, const TrainResult& result) {
  const double floor = axis_floor(result);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{}\" y=\"24\">{} on {}: {:.2f} % {} after epoch {}</text>\n",
      kWidth, kHeight, kLeft, escaped(header.model), escaped(header.dataset), 100 * result.test.accuracy,
      escaped(header.share), result.choice.kept_epoch);
  for (int i = 0; i <= 4; ++i) {
    const double y = kBottom - (kBottom - kTop) * i / 4;
    svg += fmt::format("<path d=\"M{} {:.1f}H{}\" stroke=\"#ddd\"/><text x=\"8\" y=\"{:.1f}\">{:.1f} %</text>\n", kLeft,
                       y, kRight, y + 4, 100 * (floor + (1 - floor) * i / 4));
  }
  svg += polyline(result, &EpochResult::train_accuracy, floor, "#9a9a9a");
  if (validates(result)) svg += polyline(result, &EpochResult::validation_accuracy, floor, "#1f5fbf");
  svg += kept_line(result);
  svg += fmt::format(
      "<text x=\"{}\" y=\"340\">epoch 1 to {}</text><text x=\"380\" y=\"340\" fill=\"#9a9a9a\">training images</text>"
      "<text x=\"500\" y=\"340\" fill=\"#1f5fbf\">{}</text>\n</svg>\n",
      kLeft, result.epochs.size(), validates(result) ? escaped(header.validation) : "");
  return svg;
}

}  // namespace obscura::train
