#include "train/encrypted/quadratic.h"

#include <cmath>
#include <limits>
#include <vector>

#include "train/encrypted/quadratic_kernels.h"

namespace obscura::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;
using Doubles = std::vector<double>;
using Floats = std::vector<float>;

static_assert(sizeof(Bf16) == sizeof(c10::BFloat16));

template <typename T>
const T* read(const torch::Tensor& tensor) {
  return static_cast<const T*>(tensor.data_ptr());
}

Columns columns_of(const torch::Tensor& x) {
  const auto channels = static_cast<std::size_t>(x.size(1));
  return {static_cast<std::size_t>(x.numel()) / channels, channels};
}

/// Channels innermost, whatever the layout was.
torch::Tensor channels_last(const torch::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous();
}

/// A mean and a variance a channel, and 1 / standard deviation.
struct Moments {
  Doubles mean;
  Doubles variance;
  double inverse(std::size_t c) const { return 1 / std::sqrt(variance[c] + kNormEpsilon); }
};

/// From sum and sum of squares.
Moments moments_of(Doubles sums, Doubles squares, std::size_t rows) {
  const auto n = static_cast<double>(rows);
  for (std::size_t c = 0; c < sums.size(); ++c) {
    sums[c] /= n;
    squares[c] = std::max(squares[c] / n - sums[c] * sums[c], 0.0);
  }
  return {std::move(sums), std::move(squares)};
}

Moments running_moments(const torch::Tensor& mean, const torch::Tensor& variance) {
  const auto n = mean.numel();
  return {Doubles(mean.data_ptr<float>(), mean.data_ptr<float>() + n),
          Doubles(variance.data_ptr<float>(), variance.data_ptr<float>() + n)};
}

/// As LibTorch's batch norm: an exponential average, of the unbiased variance.
void move_running(const Moments& batch, std::size_t rows, const torch::Tensor& mean, const torch::Tensor& variance) {
  const double unbias = rows > 1 ? static_cast<double>(rows) / static_cast<double>(rows - 1) : 1;
  const auto move = [](float& value, double to) {
    value = static_cast<float>(static_cast<double>(value) + kNormMomentum * (to - static_cast<double>(value)));
  };
  for (std::size_t c = 0; c < batch.mean.size(); ++c) {
    move(mean.data_ptr<float>()[c], batch.mean[c]);
    move(variance.data_ptr<float>()[c], batch.variance[c] * unbias);
  }
}

/// Everything the loops need of the channels, and where it lies.
struct Channels {
  Moments input;
  Moments square;
  Floats mean, inverse, constant, linear, quadratic;
  float bound;

  ChannelValues view() const {
    return {mean.data(), inverse.data(), constant.data(), linear.data(), quadratic.data(), bound};
  }
  void set_input(Moments moments) {
    input = std::move(moments);
    for (std::size_t c = 0; c < input.mean.size(); ++c) {
      mean.push_back(static_cast<float>(input.mean[c]));
      inverse.push_back(static_cast<float>(input.inverse(c)));
    }
  }
  /// y = (-a E / s) + b z + (a / s) z^2
  void set_square(Moments moments, const torch::Tensor& coefficients) {
    square = std::move(moments);
    const auto channels = mean.size();
    const float* b = coefficients.data_ptr<float>();
    for (std::size_t c = 0; c < channels; ++c) {
      const double a = static_cast<double>(b[channels + c]) * square.inverse(c);
      constant.push_back(static_cast<float>(-a * square.mean[c]));
      linear.push_back(b[c]);
      quadratic.push_back(static_cast<float>(a));
    }
  }
};

float bound_of(const QuadraticForm& form) {
  return form.bound > 0 ? static_cast<float>(form.bound) : std::numeric_limits<float>::infinity();
}

template <typename T>
Channels measure(const torch::Tensor& x, const torch::Tensor& coefficients, const QuadraticStatistics& running,
                 const QuadraticForm& form) {
  const auto kernels = quadratic_kernels<T>();
  const Columns size = columns_of(x);
  Channels channels;
  channels.bound = bound_of(form);
  if (!form.batch_statistics) {
    channels.set_input(running_moments(running.mean, running.variance));
    channels.set_square(running_moments(running.square_mean, running.square_variance), coefficients);
    return channels;
  }
  Doubles sums(size.channels), squares(size.channels);
  kernels.moments(read<T>(x), size, sums.data(), squares.data());
  channels.set_input(moments_of(std::move(sums), std::move(squares), size.rows));
  move_running(channels.input, size.rows, running.mean, running.variance);
  Doubles square_sums(size.channels), fourths(size.channels);
  kernels.square_moments(read<T>(x), size, channels.view(), square_sums.data(), fourths.data());
  channels.set_square(moments_of(std::move(square_sums), std::move(fourths), size.rows), coefficients);
  move_running(channels.square, size.rows, running.square_mean, running.square_variance);
  return channels;
}

template <typename T>
torch::Tensor evaluate(const torch::Tensor& x, const Channels& channels) {
  auto y = torch::empty_like(x);
  quadratic_kernels<T>().forward(read<T>(x), columns_of(x), channels.view(), static_cast<T*>(y.data_ptr()));
  return y;
}

/// What flows back through the statistics of c^2: n = (c^2 - E) / s has the derivative by c^2 of
/// (g a - mean(g a) - n mean(g a n)) / s, written as Derivative wants it.
struct Pullback {
  Floats u, v;
};

Pullback through_statistics(const Channels& channels, const Doubles& plain, const Doubles& square, std::size_t rows,
                            bool batch_statistics) {
  Pullback back{Floats(plain.size(), 0.0F), Floats(plain.size(), 0.0F)};
  if (!batch_statistics) return back;
  const auto n = static_cast<double>(rows);
  for (std::size_t c = 0; c < plain.size(); ++c) {
    const double inverse = channels.square.inverse(c);
    const double mean_g = plain[c] / n;
    const double mean_gn = (square[c] - channels.square.mean[c] * plain[c]) * inverse / n;
    const double twice = 2 * static_cast<double>(channels.quadratic[c]);
    back.u[c] = static_cast<float>(twice * (mean_g - channels.square.mean[c] * inverse * mean_gn));
    back.v[c] = static_cast<float>(twice * mean_gn * inverse);
  }
  return back;
}

struct Gradients {
  torch::Tensor input;
  torch::Tensor coefficients;
};

template <typename T>
Gradients pull_back(const torch::Tensor& x, const torch::Tensor& g, const Channels& channels,
                    const QuadraticForm& form) {
  const auto kernels = quadratic_kernels<T>();
  const Columns size = columns_of(x);
  const auto values = channels.view();
  Doubles plain(size.channels), linear(size.channels), square(size.channels);
  kernels.output_sums(read<T>(x), read<T>(g), size, values, plain.data(), linear.data(), square.data());
  auto coefficients = torch::empty({2, x.size(1)});
  for (std::size_t c = 0; c < size.channels; ++c) {
    coefficients.data_ptr<float>()[c] = static_cast<float>(linear[c]);
    coefficients.data_ptr<float>()[size.channels + c] =
        static_cast<float>((square[c] - channels.square.mean[c] * plain[c]) * channels.square.inverse(c));
  }
  const auto back = through_statistics(channels, plain, square, size.rows, form.batch_statistics);
  const auto pull = static_cast<float>(2 * form.range_weight / static_cast<double>(x.numel()));
  const Derivative by{back.u.data(), back.v.data(), pull, static_cast<float>(form.range_limit)};
  Floats mean_dz(size.channels, 0.0F), mean_dz_z(size.channels, 0.0F);
  if (form.batch_statistics) {
    Doubles sums(size.channels), products(size.channels);
    kernels.input_sums(read<T>(x), read<T>(g), size, values, by, sums.data(), products.data());
    for (std::size_t c = 0; c < size.channels; ++c) {
      mean_dz[c] = static_cast<float>(sums[c] / static_cast<double>(size.rows));
      mean_dz_z[c] = static_cast<float>(products[c] / static_cast<double>(size.rows));
    }
  }
  auto dx = torch::empty_like(x);
  kernels.backward(read<T>(x), read<T>(g), size, values, by, mean_dz.data(), mean_dz_z.data(),
                   static_cast<T*>(dx.data_ptr()));
  return {dx, coefficients};
}

/// What the backward pass needs besides tensors; LibTorch keeps it with the graph.
struct Kept : torch::CustomClassHolder {
  Channels channels;
  QuadraticForm form;
};

class Quadratic : public torch::autograd::Function<Quadratic> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, const torch::Tensor& coefficients,
                               const c10::intrusive_ptr<Kept>& kept, const QuadraticStatistics& running) {
    const auto x = channels_last(input);
    const bool half = x.scalar_type() == torch::kBFloat16;
    kept->channels = half ? measure<Bf16>(x, coefficients, running, kept->form)
                          : measure<float>(x, coefficients, running, kept->form);
    context->save_for_backward({x});
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    return half ? evaluate<Bf16>(x, kept->channels) : evaluate<float>(x, kept->channels);
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto x = context->get_saved_variables()[0];
    const auto kept = c10::static_intrusive_pointer_cast<Kept>(context->saved_data["kept"].toCapsule());
    const bool half = x.scalar_type() == torch::kBFloat16;
    const auto g = channels_last(gradients[0].to(x.scalar_type()));
    const auto result =
        half ? pull_back<Bf16>(x, g, kept->channels, kept->form) : pull_back<float>(x, g, kept->channels, kept->form);
    return {result.input, result.coefficients, {}, {}};
  }
};

}  // namespace

torch::Tensor normalised_quadratic(const torch::Tensor& x, const torch::Tensor& coefficients,
                                   const QuadraticStatistics& running, const QuadraticForm& form) {
  auto kept = c10::make_intrusive<Kept>();
  kept->form = form;
  return Quadratic::apply(x, coefficients, kept, running);
}

}  // namespace obscura::train
