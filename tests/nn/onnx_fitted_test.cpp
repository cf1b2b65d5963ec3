#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include "base/error.h"
#include "nn/onnx_builder.h"
#include "nn/onnx_write.h"
#include "nn/reference.h"

/// Polynomials that were fitted come back from a file bit for bit, and the file computes what they compute.
namespace obscura::nn {
namespace {

using testing::Dims;
using ::testing::HasSubstr;
using testing::OnnxBuilder;
using testing::ramp;
using ::testing::ThrowsMessage;

Polynomial chebyshev(std::size_t rows, std::size_t degree, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Polynomial polynomial;
  polynomial.basis = Polynomial::Basis::chebyshev;
  for (std::size_t r = 0; r < rows; ++r) {
    auto& row = polynomial.coefficients.emplace_back();
    for (std::size_t i = 0; i <= degree; ++i) row.push_back(uniform(random) / 3);
  }
  return polynomial;
}

Graph network(const Polynomial& polynomial, bool flat) {
  Graph graph = make_graph("fitted", {4, 3, 3});
  if (flat) {
    add_node(graph, "flatten", Flatten{}, {0});
    add_node(graph, "fc", Linear{4, ramp(144, 0.001F), {}}, {1});
  }
  const std::size_t input = graph.nodes.size() - 1;
  add_node(graph, "range", BatchNorm{{0.1F, 0.2F, 0.3F, 0.4F}, {0.01F, 0.02F, 0.03F, 0.04F}}, {input});
  add_node(graph, "act", polynomial, {input + 1});
  return graph;
}

TEST(OnnxFitted, ChebyshevCoefficientsComeBackBitForBit) {
  for (const std::size_t degree : {3, 7, 15, 27, 31, 63}) {
    for (const std::size_t rows : {1, 4}) {
      for (const bool flat : {false, true}) {
        SCOPED_TRACE(std::to_string(degree) + " " + std::to_string(rows) + (flat ? " flat" : ""));
        const Graph graph = network(chebyshev(rows, degree, degree + rows), flat);
        const auto bytes = to_onnx(graph);
        const Graph back = read_onnx(bytes, "memory");
        ASSERT_EQ(back.nodes.size(), graph.nodes.size());
        const auto& read = std::get<Polynomial>(back.nodes.back().layer);
        EXPECT_EQ(read.basis, Polynomial::Basis::chebyshev);
        EXPECT_EQ(read.coefficients, std::get<Polynomial>(graph.nodes.back().layer).coefficients);
        EXPECT_EQ(back.nodes.back().name, "act");
        EXPECT_TRUE(back.notes.empty());
        EXPECT_EQ(to_onnx(back), bytes);
      }
    }
  }
}

TEST(OnnxFitted, TheFileComputesWhatThePolynomialDoes) {
  // The nodes of the file by their definition, in double precision.
  const Polynomial polynomial = chebyshev(1, 31, 5);
  const auto bytes = to_onnx(network(polynomial, false));
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  for (const double x : {-1.0, -0.7, 0.0, 0.123, 0.999}) {
    std::map<std::string, double> values{{"range", x}};
    for (const auto& tensor : model.graph().initializer()) {
      if (tensor.data_type() != onnx::TensorProto::DOUBLE) continue;
      std::memcpy(&values[tensor.name()], tensor.raw_data().data(), sizeof(double));
    }
    for (const auto& node : model.graph().node()) {
      const auto in = [&](int i) { return values.at(node.input(i)); };
      double& out = values[node.output(0)];
      if (node.op_type() == "Cast") out = in(0);
      if (node.op_type() == "Mul") out = in(0) * in(1);
      if (node.op_type() == "Add") out = in(0) + in(1);
      if (node.op_type() == "Sub") out = in(0) - in(1);
    }
    values["range"] = x;
    EXPECT_NEAR(values.at("act"), evaluate_row(polynomial, 0, x), 1e-12);
  }
}

TEST(OnnxFitted, DoublePrecisionOfOtherFilesIsUnderstood) {
  OnnxBuilder onnx({-1, 2, 2, 2});
  const auto wide = onnx.node("Cast", {"x"});
  onnx.set("to", static_cast<int>(onnx::TensorProto::DOUBLE));
  const auto square = onnx.node("Mul", {wide, wide});
  const auto cube = onnx.node("Mul", {square, wide});
  const auto sum = onnx.node("Sub", {cube, square});
  const auto y = onnx.node("Cast", {sum});
  onnx.set("to", static_cast<int>(onnx::TensorProto::FLOAT));
  const Graph graph = onnx.read(onnx.node("Flatten", {y}));
  const auto values = run_reference(graph, ramp(8, 0.5F));
  for (std::size_t i = 0; i < 8; ++i) {
    const double x = 0.5 * static_cast<double>(i + 1);
    EXPECT_NEAR(values[i], x * x * x - x * x, 1e-12);
  }
  // An activation in between reads a layer.
  OnnxBuilder mixed({-1, 2, 2, 2});
  const auto in = mixed.node("Cast", {"x"});
  mixed.set("to", static_cast<int>(onnx::TensorProto::DOUBLE));
  const auto relu = mixed.node("Relu", {mixed.node("Mul", {in, in})});
  const auto out = mixed.node("Cast", {relu});
  mixed.set("to", static_cast<int>(onnx::TensorProto::FLOAT));
  EXPECT_EQ(run_reference(mixed.read(out), ramp(8, 1.0F))[2], 9);
}

TEST(OnnxFitted, PowersOfHighDegreeAreNoted) {
  const auto notes = [](std::size_t degree, double size) {
    Polynomial polynomial;
    polynomial.coefficients = {std::vector<double>(degree + 1, size)};
    return read_onnx(to_onnx(network(polynomial, false)), "old").notes;
  };
  EXPECT_TRUE(notes(3, 1).empty()) << "a trained polynomial is what its file says";
  ASSERT_EQ(notes(15, 1).size(), 1U);
  EXPECT_THAT(notes(15, 1)[0], ::testing::AllOf(HasSubstr("layer act"), HasSubstr("degree 15"),
                                                ::testing::Not(HasSubstr("fit the original"))));
  EXPECT_THAT(notes(31, 1e6)[0], HasSubstr("fit the original network again"));
}

TEST(OnnxFitted, OriginAndCalibrationComeBackExactly) {
  Graph graph = network(chebyshev(4, 15, 2), false);
  graph.calibration = {1.0 / 3, 123.456789012345678, 1e-3};
  graph.origin = {"net.onnx", std::string(64, 'a'), 0.1234567890123456};
  const Graph back = read_onnx(to_onnx(graph), "memory");
  EXPECT_EQ(back.calibration, graph.calibration);
  EXPECT_EQ(back.origin.name, graph.origin.name);
  EXPECT_EQ(back.origin.sha256, graph.origin.sha256);
  EXPECT_EQ(back.origin.fit_error, graph.origin.fit_error);
  for (const std::string wrong : {"", "abc", "-1", "inf"}) {
    EXPECT_THROW(read_onnx(to_onnx(network(chebyshev(1, 3, 1), false),
                                   {{"obscura.original", "a"},
                                    {"obscura.original_sha256", wrong == "abc" ? wrong : std::string(64, 'a')},
                                    {"obscura.fit_error", wrong}}),
                           "bad"),
                 FormatError)
        << wrong;
  }
}

}  // namespace
}  // namespace obscura::nn
