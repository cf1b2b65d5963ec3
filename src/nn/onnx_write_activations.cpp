#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "nn/onnx_writer.h"

namespace obscura::nn {
namespace {

std::vector<float> column(const Polynomial& polynomial, std::size_t i) {
  std::vector<float> values;
  for (const auto& row : polynomial.coefficients) values.push_back(static_cast<float>(row[i]));
  return values;
}

}  // namespace

/// The shape of a constant a row that multiplies a tensor of the input's rank.
OnnxWriter::Ints OnnxWriter::row_dims(const Polynomial& polynomial) const {
  Ints dims{1};
  if (polynomial.coefficients.size() > 1) {
    dims.push_back(static_cast<std::int64_t>(polynomial.coefficients.size()));
    if (input().rank == 4) dims.insert(dims.end(), {1, 1});
  }
  return dims;
}

/// The i-th coefficient of every row.
std::string OnnxWriter::coefficient(const Polynomial& polynomial, std::size_t i) {
  return constant(fmt::format("{}.c{}", at_->name, i), row_dims(polynomial), column(polynomial, i));
}

/// sum_i c_i T_i(x) in double precision, T_i by T_{i+1} = 2 x T_i - T_{i-1}: the reader adds the same terms up, each of
/// which has one coefficient, so that every one comes back bit for bit.
OnnxWriter::Value OnnxWriter::write_chebyshev(const Polynomial& polynomial) {
  const std::string& name = at_->name;
  const Ints dims = row_dims(polynomial);
  const auto cast = [&](const std::string& as, const std::string& x, onnx::TensorProto::DataType type) {
    auto& node = add("Cast", as, {x});
    set(node, "to", type);
    return node.name();
  };
  const auto coefficient = [&](std::size_t i) {
    std::vector<double> values;
    for (const auto& row : polynomial.coefficients) values.push_back(row[i]);
    return doubles(fmt::format("{}.t{}", name, i), dims, values);
  };
  const std::string x = cast(name + "_x", input().name, onnx::TensorProto::DOUBLE);
  const std::string twice = add("Mul", name + "_2x", {x, doubles(name + ".two", {}, std::vector{2.0})}).name();
  std::string sum, before, now = x;
  for (std::size_t i = 1; i < polynomial.coefficients[0].size(); ++i) {
    if (i > 1) {
      const std::string last = i == 2 ? doubles(name + ".one", {}, std::vector{1.0}) : before;
      const std::string product = add("Mul", fmt::format("{}_2xt{}", name, i - 1), {twice, now}).name();
      before = std::exchange(now, add("Sub", fmt::format("{}_t{}", name, i), {product, last}).name());
    }
    const std::string term = add("Mul", fmt::format("{}_term{}", name, i), {now, coefficient(i)}).name();
    sum = add("Add", fmt::format("{}_sum{}", name, i), {term, i == 1 ? coefficient(0) : sum}).name();
  }
  return {cast(name, sum, onnx::TensorProto::FLOAT), input().rank};
}

/// Horner's rule with batch norms for the constants a channel.
OnnxWriter::Value OnnxWriter::write_horner_for_opencv(const Polynomial& polynomial) {
  const std::size_t degree = polynomial.coefficients[0].size() - 1;
  const std::vector<float> ones(polynomial.coefficients.size(), 1.0F);
  // As an image: OpenCV's batch norm of flat batches spoils what else reads its input.
  const std::string x = image(input(), at_->name);
  std::string sum = scale_and_shift(at_->name, x, column(polynomial, degree), column(polynomial, degree - 1));
  for (std::size_t i = degree - 1; i-- > 0;) {
    const auto product = add("Mul", at_->name, {sum, x}).name();
    sum = scale_and_shift(at_->name, product, ones, column(polynomial, i));
  }
  return {input().rank == 4 ? sum : flat({sum, 4}, at_->name), input().rank};
}

OnnxWriter::Value OnnxWriter::write_horner(const Polynomial& polynomial) {
  const std::size_t degree = polynomial.coefficients[0].size() - 1;
  const std::string& x = input().name;
  std::string sum = coefficient(polynomial, degree);
  for (std::size_t i = degree; i-- > 0;) {
    const auto product = add("Mul", fmt::format("{}_mul{}", at_->name, i), {sum, x}).name();
    const std::string name = i == 0 ? at_->name : fmt::format("{}_add{}", at_->name, i);
    sum = add("Add", name, {product, coefficient(polynomial, i)}).name();
  }
  return {sum, input().rank};
}

std::string OnnxWriter::plus_coefficients(const std::string& x, const Polynomial& polynomial, std::size_t i) {
  const std::vector<float> ones(polynomial.coefficients.size(), 1.0F);
  if (ones.size() > 1) return scale_and_shift(at_->name, x, ones, column(polynomial, i));
  return add("Add", at_->name, {x, coefficient(polynomial, i)}).name();
}

/// Clenshaw's recurrence b_i = 2 x b_{i+1} - b_{i+2} + c_i, which floats bear at any degree; read back, it would not be
/// recognised as one polynomial.
OnnxWriter::Value OnnxWriter::write_clenshaw_for_opencv(const Polynomial& polynomial) {
  const std::size_t degree = polynomial.coefficients[0].size() - 1;
  const std::string x = polynomial.coefficients.size() > 1 ? image(input(), at_->name) : input().name;
  const auto times = [&](const std::string& a, const std::string& b) { return add("Mul", at_->name, {a, b}).name(); };
  const std::string nothing = times(x, constant(at_->name + ".zero", {1}, std::vector{0.0F}));
  const std::string twice = times(x, constant(at_->name + ".two", {1}, std::vector{2.0F}));
  std::string one = plus_coefficients(nothing, polynomial, degree);
  std::string two = nothing;
  for (std::size_t i = degree; i-- > 0;) {
    const std::string product = times(i == 0 ? x : twice, one);
    const std::string difference = add("Sub", at_->name, {product, two}).name();
    two = std::exchange(one, plus_coefficients(difference, polynomial, i));
  }
  const bool turned = x != input().name;
  return {turned ? flat({one, 4}, at_->name) : one, input().rank};
}

OnnxWriter::Value OnnxWriter::write_layer(const Polynomial& polynomial) {
  const bool chebyshev = polynomial.basis == Polynomial::Basis::chebyshev;
  if (!for_opencv_) return chebyshev ? write_chebyshev(polynomial) : write_horner(polynomial);
  if (chebyshev) return write_clenshaw_for_opencv(polynomial);
  return polynomial.coefficients.size() > 1 ? write_horner_for_opencv(polynomial) : write_horner(polynomial);
}

/// x (1 + erf(x / sqrt 2)) / 2, as PyTorch spells it.
void OnnxWriter::write_gelu() {
  const std::string& name = at_->name;
  const std::string& x = input().name;
  const auto inner = add("Div", name + "_div", {x, scalar(name + ".sqrt2", std::numbers::sqrt2_v<float>)}).name();
  const auto erf = add("Erf", name + "_erf", {inner}).name();
  const auto sum = add("Add", name + "_add", {erf, scalar(name + ".one", 1.0F)}).name();
  const auto product = add("Mul", name + "_mul", {x, sum}).name();
  add("Mul", name, {product, scalar(name + ".half", 0.5F)});
}

void OnnxWriter::write_gelu_tanh() {
  const std::string& name = at_->name;
  const std::string& x = input().name;
  const auto square = add("Mul", name + "_square", {x, x}).name();
  const auto scaled = add("Mul", name + "_cubic", {square, scalar(name + ".c3", 0.044715F)}).name();
  const auto bracket = add("Add", name + "_bracket", {scaled, scalar(name + ".c1", 1.0F)}).name();
  const auto odd = add("Mul", name + "_odd", {bracket, x}).name();
  const float root = std::sqrt(2 / std::numbers::pi_v<float>);
  const auto inner = add("Mul", name + "_inner", {odd, scalar(name + ".root", root)}).name();
  const auto tanh = add("Tanh", name + "_tanh", {inner}).name();
  const auto sum = add("Add", name + "_add", {tanh, scalar(name + ".one", 1.0F)}).name();
  const auto product = add("Mul", name + "_mul", {x, sum}).name();
  add("Mul", name, {product, scalar(name + ".half", 0.5F)});
}

/// high - relu(high - low - relu(x - low)): OpenCV 4.6 reads no Clip whose ends are inputs.
void OnnxWriter::write_clip_for_opencv(const Activation& clip) {
  const std::string& name = at_->name;
  const std::string minus = constant(name + ".minus", {1}, std::vector{-1.0F});
  const auto plus = [&](const std::string& x, float value) {
    return add("Add", name, {x, constant(name + ".shift", {1}, std::vector{value})}).name();
  };
  const auto negated_relu = [&](const std::string& x) {
    return add("Mul", name, {add("Relu", name, {x}).name(), minus}).name();
  };
  const std::string inner = negated_relu(plus(input().name, -clip.alpha));
  plus(negated_relu(plus(inner, clip.beta - clip.alpha)), clip.beta);
}

OnnxWriter::Value OnnxWriter::write_layer(const Activation& activation) {
  using Kind = Activation::Kind;
  const std::string& name = at_->name;
  const std::string x = input().name;
  const auto hard_sigmoid = [&](const std::string& as, float alpha, float beta) {
    auto& node = add("HardSigmoid", as, {x});
    set_float(node, "alpha", alpha);
    set_float(node, "beta", beta);
    return node.name();
  };
  switch (activation.kind) {
    case Kind::relu:
      add("Relu", name, {x});
      break;
    case Kind::leaky_relu:
      set_float(add("LeakyRelu", name, {x}), "alpha", activation.alpha);
      break;
    case Kind::clip:
      if (for_opencv_) {
        write_clip_for_opencv(activation);
        break;
      }
      add("Clip", name, {x, scalar(name + ".low", activation.alpha), scalar(name + ".high", activation.beta)});
      break;
    case Kind::sigmoid:
      add("Sigmoid", name, {x});
      break;
    case Kind::silu:
      add("Mul", name, {x, add("Sigmoid", name + "_sigmoid", {x}).name()});
      break;
    case Kind::tanh:
      add("Tanh", name, {x});
      break;
    case Kind::erf:
      add("Erf", name, {x});
      break;
    case Kind::gelu:
      write_gelu();
      break;
    case Kind::gelu_tanh:
      write_gelu_tanh();
      break;
    case Kind::hard_sigmoid:
      hard_sigmoid(name, activation.alpha, activation.beta);
      break;
    case Kind::hard_swish:
      add("Mul", name, {x, hard_sigmoid(name + "_sigmoid", 1.0F / 6.0F, 0.5F)});
      break;
    case Kind::elu:
      set_float(add("Elu", name, {x}), "alpha", activation.alpha);
      break;
    case Kind::softplus:
      add("Softplus", name, {x});
      break;
    case Kind::mish: {
      const auto inner = add("Softplus", name + "_softplus", {x}).name();
      add("Mul", name, {x, add("Tanh", name + "_tanh", {inner}).name()});
      break;
    }
  }
  return {proto_.node(proto_.node_size() - 1).name(), input().rank};
}

}  // namespace obscura::nn
