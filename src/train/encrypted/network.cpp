#include "train/encrypted/network.h"

#include <cmath>
#include <string>

#include "base/error.h"
#include "train/encrypted/layers.h"

namespace obscura::train {
namespace {

namespace F = torch::nn::functional;

std::int64_t dim(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

torch::Tensor convolve(const nn::Conv2d& conv, const torch::Tensor& x, const torch::Tensor& weight,
                       const torch::Tensor& bias, std::size_t pooled) {
  const auto& p = conv.padding;
  const bool symmetric = p[0] == p[2] && p[1] == p[3];
  const auto padded = symmetric ? x : torch::constant_pad_nd(x, {dim(p[1]), dim(p[3]), dim(p[0]), dim(p[2])});
  const std::vector<std::int64_t> padding = symmetric ? std::vector{dim(p[0]), dim(p[1])} : std::vector{dim(0), dim(0)};
  return torch::conv2d(padded, weight, bias, {dim(conv.stride[0] * pooled), dim(conv.stride[1] * pooled)}, padding,
                       {dim(conv.dilation[0]), dim(conv.dilation[1])}, dim(conv.groups));
}

/// Convolution and then the mean of windows of `side` squared outputs are one convolution: its kernel is the mean of
/// the kernels shifted to each place in the window.
torch::Tensor pooled_kernel(const torch::Tensor& weight, std::size_t side) {
  if (side == 1) return weight;
  const auto last = dim(side) - 1;
  auto sum = torch::Tensor();
  for (std::int64_t y = 0; y <= last; ++y) {
    for (std::int64_t x = 0; x <= last; ++x) {
      const auto shifted = torch::constant_pad_nd(weight, {x, last - x, y, last - y});
      sum = sum.defined() ? sum + shifted : shifted;
    }
  }
  return sum / static_cast<double>(side * side);
}

/// The shape of a value a channel beside x.
std::vector<std::int64_t> per_channel(const torch::Tensor& x, std::int64_t channels = -1) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = channels;
  return shape;
}

/// Horner; coefficients [rows, degree + 1], a row a channel or one for all.
torch::Tensor evaluate(const torch::Tensor& coefficients, const torch::Tensor& x) {
  const auto degree = coefficients.size(1) - 1;
  const auto shape = per_channel(x, coefficients.size(0));
  const auto coefficient = [&](std::int64_t i) { return coefficients.select(1, i).reshape(shape); };
  auto sum = coefficient(degree) * x + coefficient(degree - 1);
  for (auto i = degree - 1; i-- > 0;) sum = sum * x + coefficient(i);
  return sum;
}

/// Windows side by side, and none that reaches into padding or past a kernel that is spread out.
bool can_join(const nn::Conv2d& conv, const nn::AvgPool& pool) {
  const std::array<std::size_t, 4> none{0, 0, 0, 0};
  return pool.kernel[0] == pool.kernel[1] && pool.stride == pool.kernel && pool.padding == none &&
         conv.dilation == std::array<std::size_t, 2>{1, 1} && conv.stride == std::array<std::size_t, 2>{1, 1};
}

bool is_quadratic(const nn::Polynomial& polynomial, const nn::Node& node) {
  return polynomial.coefficients.size() == node.shape.channels && polynomial.coefficients[0].size() == 3;
}

bool can_train(const nn::Layer& layer) {
  const auto* polynomial = std::get_if<nn::Polynomial>(&layer);
  if (polynomial != nullptr) return polynomial->basis == nn::Polynomial::Basis::monomial;
  return std::holds_alternative<nn::Input>(layer) || std::holds_alternative<nn::Conv2d>(layer) ||
         std::holds_alternative<nn::AvgPool>(layer) || std::holds_alternative<nn::BatchNorm>(layer) ||
         std::holds_alternative<nn::Flatten>(layer) || std::holds_alternative<nn::Linear>(layer) ||
         std::holds_alternative<nn::Square>(layer) || std::holds_alternative<nn::Add>(layer) ||
         std::holds_alternative<nn::Product>(layer) || std::holds_alternative<nn::Merge>(layer) ||
         std::holds_alternative<nn::MaxPool>(layer) || std::holds_alternative<nn::Activation>(layer) ||
         std::holds_alternative<nn::Concat>(layer) || std::holds_alternative<nn::Pad>(layer) ||
         std::holds_alternative<nn::Rearrange>(layer);
}

}  // namespace

Network::Network(const nn::Graph& skeleton, const NetworkForm& form)
    : skeleton_(skeleton), form_(form), parts_(skeleton.nodes.size()) {
  plan();
  plan_dropout();
  for (std::size_t i = 0; i < skeleton_.nodes.size(); ++i) add_parts(i);
}

/// Which nodes are computed together: convolution and pool, batch norm and quadratic, where nothing else reads between.
void Network::plan() {
  readers_.assign(parts_.size(), 0);
  for (const nn::Node& node : skeleton_.nodes) {
    for (const std::size_t input : node.inputs) ++readers_[input];
  }
  plan_pools();
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const std::size_t before = skeleton_.nodes[i].inputs[0];
    const auto* polynomial = std::get_if<nn::Polynomial>(&skeleton_.nodes[i].layer);
    if (!form_.normalised_squares || polynomial == nullptr || !is_quadratic(*polynomial, skeleton_.nodes[i])) continue;
    if (readers_[before] != 1 || !is_norm(before)) continue;
    parts_[i].norm = before;
    parts_[before].passed = true;
  }
}

/// While the maximum of what a convolution makes is mixed in, its average is by itself.
void Network::plan_pools() {
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const std::size_t before = skeleton_.nodes[i].inputs[0];
    const auto* pool = std::get_if<nn::AvgPool>(&skeleton_.nodes[i].layer);
    const auto* conv = std::get_if<nn::Conv2d>(&skeleton_.nodes[before].layer);
    if (readers_[before] != 1 || pool == nullptr || conv == nullptr || !can_join(*conv, *pool)) continue;
    const bool joined = blend_ == 1 || original(i) == nullptr;
    parts_[before].pooled = joined ? pool->kernel[0] : 1;
    parts_[i].passed = joined;
  }
}

const Original* Network::original(std::size_t i) const {
  return i < form_.originals.size() && form_.originals[i] ? &*form_.originals[i] : nullptr;
}

void Network::blend(double share) {
  blend_ = share;
  plan_pools();
}

void Network::plan_dropout() {
  std::size_t pools = 0;
  for (std::size_t i = 0; i < parts_.size() && pools < form_.pool_dropout.size(); ++i) {
    if (std::holds_alternative<nn::MaxPool>(skeleton_.nodes[i].layer)) parts_[i].dropout = form_.pool_dropout[pools++];
  }
  if (pools == form_.pool_dropout.size()) return;
  throw ParameterError("values are to be left out behind " + std::to_string(form_.pool_dropout.size()) +
                       " maximum pools, and the network has " + std::to_string(pools));
}

/// Kaiming uniform with a = sqrt(5), as LibTorch's own layers: U(-1/sqrt(fan in), 1/sqrt(fan in)).
void Network::add_uniform(std::size_t i, std::vector<std::int64_t> dims, bool has_bias) {
  std::int64_t fan_in = 1;
  for (std::size_t d = 1; d < dims.size(); ++d) fan_in *= dims[d];
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  const auto name = std::to_string(i);
  parts_[i].weight = register_parameter("weight" + name, torch::empty(dims).uniform_(-bound, bound));
  if (has_bias) parts_[i].bias = register_parameter("bias" + name, torch::empty({dims[0]}).uniform_(-bound, bound));
}

void Network::add_parts(std::size_t i) {
  const nn::Node& node = skeleton_.nodes[i];
  const auto name = std::to_string(i);
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) {
    const auto in = skeleton_.nodes[node.inputs[0]].shape.channels / conv->groups;
    add_uniform(i, {dim(conv->out_channels), dim(in), dim(conv->kernel[0]), dim(conv->kernel[1])}, !conv->bias.empty());
  } else if (const auto* linear = std::get_if<nn::Linear>(&node.layer)) {
    const auto in = skeleton_.nodes[node.inputs[0]].shape.size();
    add_uniform(i, {dim(linear->out_features), dim(in)}, !linear->bias.empty());
  } else if (std::holds_alternative<nn::BatchNorm>(node.layer)) {
    add_norm(i, !parts_[i].passed);
  } else if (const auto* polynomial = std::get_if<nn::Polynomial>(&node.layer);
             polynomial != nullptr && can_train(node.layer)) {
    add_polynomial(i, *polynomial);
  } else if (!can_train(node.layer)) {
    throw UnsupportedError("layer '" + node.name + "' cannot be trained: it is of the kind " +
                           nn::layer_name(node.layer));
  } else if (const auto* rearrange = std::get_if<nn::Rearrange>(&node.layer)) {
    parts_[i].places = rearranged_places(*rearrange, skeleton_.nodes[node.inputs[0]].shape.size());
  }
}

void Network::add_norm(std::size_t i, bool affine) {
  const auto name = std::to_string(i);
  const auto channels = dim(skeleton_.nodes[i].shape.channels);
  if (affine) {
    parts_[i].weight = register_parameter("weight" + name, torch::ones({channels}));
    parts_[i].bias = register_parameter("bias" + name, torch::zeros({channels}));
  }
  parts_[i].mean = register_buffer("mean" + name, torch::zeros({channels}));
  parts_[i].variance = register_buffer("variance" + name, torch::ones({channels}));
}

void Network::add_polynomial(std::size_t i, const nn::Polynomial& polynomial) {
  const auto name = std::to_string(i);
  std::vector<float> flat;
  for (const auto& row : polynomial.coefficients) flat.insert(flat.end(), row.begin(), row.end());
  auto weight = torch::tensor(flat).reshape({dim(polynomial.coefficients.size()), -1});
  if (parts_[i].norm) {
    const auto constants = weight.select(1, 0);
    if (constants.count_nonzero().item<std::int64_t>() > 0) {
      parts_[i].bias = register_parameter("bias" + name, constants.clone());
    }
    weight = weight.slice(1, 1).t().contiguous();  // b, a
    // The square of a standard normal number has mean 1 and variance 2.
    parts_[i].mean = register_buffer("mean" + name, torch::ones({weight.size(1)}));
    parts_[i].variance = register_buffer("variance" + name, torch::full({weight.size(1)}, 2.0F));
  }
  parts_[i].weight = register_parameter("weight" + name, weight);
}

torch::Tensor Network::run_convolution(const nn::Conv2d& conv, const Part& part, const torch::Tensor& x) const {
  const auto weight = pooled_kernel(part.weight, part.pooled);
  if (!bfloat16_) return convolve(conv, x, weight, part.bias, part.pooled);
  const auto bias = part.bias.defined() ? part.bias.to(torch::kBFloat16) : part.bias;
  const auto half = weight.to(torch::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
  return convolve(conv, x.to(torch::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast), half, bias, part.pooled);
}

torch::Tensor Network::run_norm(const Part& part, const torch::Tensor& x) const {
  return torch::batch_norm(x, part.weight, part.bias, part.mean, part.variance, is_training() && !frozen_,
                           kNormMomentum, kNormEpsilon, false);
}

torch::Tensor Network::run_quadratic(const Part& part, const torch::Tensor& x) const {
  const Part& norm = parts_[*part.norm];
  QuadraticForm form;
  if (is_training()) form = {!frozen_, form_.bound, form_.range_weight, form_.range_limit};
  const auto y = normalised_quadratic(x, part.weight, {norm.mean, norm.variance, part.mean, part.variance}, form);
  if (!part.bias.defined()) return y;
  return y + part.bias.to(y.scalar_type()).reshape(per_channel(y));
}

/// What is squared: of a normalised quadratic, the input by its running statistics.
torch::Tensor Network::observe(std::size_t i, const torch::Tensor& x) const {
  if (!parts_[i].norm) return x.to(torch::kFloat32);
  const Part& norm = parts_[*parts_[i].norm];
  return torch::batch_norm(x.to(torch::kFloat32), {}, {}, norm.mean, norm.variance, false, 0, kNormEpsilon, false);
}

torch::Tensor Network::run(std::size_t i, const std::vector<torch::Tensor>& values) {
  const Original* before = blend_ < 1 ? original(i) : nullptr;
  if (before == nullptr) return run_layer(i, values);
  const torch::Tensor& x = values[skeleton_.nodes[i].inputs[0]];
  const auto* activation = std::get_if<nn::Activation>(&before->layer);
  const auto was = activation != nullptr ? activate(*activation, x) : maximum(std::get<nn::MaxPool>(before->layer), x);
  if (blend_ == 0) return was;
  return torch::lerp(was, run_layer(i, values).to(was.scalar_type()), blend_);
}

torch::Tensor Network::run_layer(std::size_t i, const std::vector<torch::Tensor>& values) {
  const nn::Node& node = skeleton_.nodes[i];
  const Part& part = parts_[i];
  const torch::Tensor& x = values[node.inputs[0]];
  if (part.passed) return x;
  if (const auto* conv = std::get_if<nn::Conv2d>(&node.layer)) return run_convolution(*conv, part, x);
  if (const auto* pool = std::get_if<nn::AvgPool>(&node.layer)) return average(*pool, x);
  if (const auto* pool = std::get_if<nn::MaxPool>(&node.layer)) {
    const auto largest = maximum(*pool, x);
    return part.dropout > 0 ? torch::dropout(largest, part.dropout, is_training()) : largest;
  }
  if (std::holds_alternative<nn::BatchNorm>(node.layer)) return run_norm(part, x);
  if (std::holds_alternative<nn::Flatten>(node.layer)) return x.flatten(1);
  if (std::holds_alternative<nn::Linear>(node.layer)) {
    return F::linear(x.flatten(1).to(torch::kFloat32), part.weight, part.bias);
  }
  if (std::holds_alternative<nn::Square>(node.layer)) return x * x;
  if (const auto* activation = std::get_if<nn::Activation>(&node.layer)) return activate(*activation, x);
  if (const auto* padding = std::get_if<nn::Pad>(&node.layer)) return pad(*padding, x);
  if (const auto* rearranging = std::get_if<nn::Rearrange>(&node.layer)) return rearrange(*rearranging, part.places, x);
  if (part.norm) return run_quadratic(part, x);
  if (std::holds_alternative<nn::Polynomial>(node.layer)) return evaluate(part.weight, x);
  if (const auto* merging = std::get_if<nn::Merge>(&node.layer)) return merge(*merging, x);
  std::vector<torch::Tensor> all;
  for (const std::size_t input : node.inputs) all.push_back(values[input]);
  all = alike(std::move(all));
  if (std::holds_alternative<nn::Concat>(node.layer)) return torch::cat(all, 1);
  return std::holds_alternative<nn::Product>(node.layer) ? all[0] * all[1] : all[0] + all[1];
}

/// [N, C, H, W] -> the chunks that the network looks at, [N chunks, C, height, width], those of a picture together.
torch::Tensor Network::chunks_of(const torch::Tensor& pictures) const {
  const Chunking& cut = *skeleton_.chunks;
  const auto height = dim(cut.height), width = dim(cut.width), rows = dim(cut.rows()), columns = dim(cut.columns());
  const auto filled =
      F::pad(pictures, F::PadFuncOptions({0, columns * width - pictures.size(3), 0, rows * height - pictures.size(2)})
                           .mode(torch::kReplicate));
  auto chunks = filled.unfold(2, height, height).unfold(3, width, width).permute({0, 2, 3, 1, 4, 5});
  chunks = chunks.reshape({pictures.size(0), rows * columns, pictures.size(1), height, width});
  if (cut.kept != 0) {
    std::vector<torch::Tensor> kept;
    const auto values = pictures.contiguous();
    const auto size = static_cast<std::size_t>(values[0].numel());
    for (std::int64_t n = 0; n < pictures.size(0); ++n) {
      const auto chosen = chosen_chunks(cut, {values[n].data_ptr<float>(), size}, skeleton_.preprocessing);
      kept.push_back(chunks[n].index_select(0, torch::tensor(std::vector<std::int64_t>(chosen.begin(), chosen.end()))));
    }
    chunks = torch::stack(kept);
  }
  return chunks.flatten(0, 1);
}

torch::Tensor Network::merge(const nn::Merge& merge, const torch::Tensor& x) const {
  const auto chunks = x.unflatten(0, {pictures_, x.size(0) / pictures_});
  if (merge.kind == nn::Merge::Kind::concat) return chunks.flatten(1);
  if (!is_training() || form_.chunk_dropout <= 0) return chunks.mean(1);
  auto weights = (torch::rand({pictures_, chunks.size(1)}) >= form_.chunk_dropout).to(torch::kFloat32);
  // The first of each picture where none would stay.
  weights.select(1, 0).copy_(torch::where(weights.sum(1) > 0, weights.select(1, 0), torch::ones({pictures_})));
  weights = weights / weights.sum(1, true);
  while (weights.dim() < chunks.dim()) weights = weights.unsqueeze(-1);
  return (chunks.to(torch::kFloat32) * weights).sum(1);
}

torch::Tensor Network::forward(const torch::Tensor& images, std::vector<torch::Tensor>* observed) {
  pictures_ = images.size(0);
  std::vector<torch::Tensor> values{skeleton_.chunks ? chunks_of(images) : images};
  for (std::size_t i = 1; i < skeleton_.nodes.size(); ++i) {
    const nn::Node& node = skeleton_.nodes[i];
    const bool activation =
        std::holds_alternative<nn::Square>(node.layer) || std::holds_alternative<nn::Polynomial>(node.layer);
    if (observed != nullptr && activation) observed->push_back(observe(i, values[node.inputs[0]]));
    values.push_back(run(i, values));
  }
  return values.back().flatten(1).to(torch::kFloat32);
}

torch::Tensor Network::walk(const torch::Tensor& images, const Visitor& before) {
  const torch::NoGradGuard no_grad;
  eval();
  pictures_ = images.size(0);
  std::vector<torch::Tensor> values{skeleton_.chunks ? chunks_of(images) : images};
  auto left = readers_;
  for (std::size_t i = 1; i < skeleton_.nodes.size(); ++i) {
    const auto& inputs = skeleton_.nodes[i].inputs;
    before(i, values[inputs[0]]);
    values.push_back(run(i, values));
    for (const std::size_t input : inputs) {
      if (--left[input] == 0) values[input] = torch::Tensor();
    }
  }
  return values.back().flatten(1).to(torch::kFloat32);
}

std::vector<std::string> Network::observed_names() const {
  std::vector<std::string> names;
  for (const nn::Node& node : skeleton_.nodes) {
    if (std::holds_alternative<nn::Square>(node.layer) || std::holds_alternative<nn::Polynomial>(node.layer)) {
      names.push_back(node.name);
    }
  }
  return names;
}

ParameterGroups Network::groups() const {
  ParameterGroups groups;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const bool conv = std::holds_alternative<nn::Conv2d>(skeleton_.nodes[i].layer);
    const bool linear = std::holds_alternative<nn::Linear>(skeleton_.nodes[i].layer);
    auto& weights = conv ? groups.convolutions : linear ? groups.dense : groups.rest;
    auto& biases = linear ? groups.dense : groups.rest;
    if (parts_[i].weight.defined()) weights.push_back(parts_[i].weight);
    if (parts_[i].bias.defined()) biases.push_back(parts_[i].bias);
  }
  return groups;
}

}  // namespace obscura::train
