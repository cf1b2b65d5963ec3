#pragma once

#include <string>

namespace obscura::nn {

/// An activation that ciphertexts cannot compute as it is: the compiler replaces it by a polynomial that is fitted on
/// the range of its inputs. A regular type.
struct Activation {
  enum class Kind {
    relu,          ///< max(0, x)
    leaky_relu,    ///< x, or alpha x below zero
    clip,          ///< min(max(x, alpha), beta): ReLU6 is clip from 0 to 6
    sigmoid,       ///< 1 / (1 + e^-x)
    silu,          ///< x sigmoid(x)
    tanh,          ///< tanh(x)
    erf,           ///< erf(x)
    gelu,          ///< x (1 + erf(x / sqrt 2)) / 2
    gelu_tanh,     ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
    hard_sigmoid,  ///< min(max(alpha x + beta, 0), 1)
    hard_swish,    ///< x min(max(x / 6 + 1 / 2, 0), 1)
    elu,           ///< x, or alpha (e^x - 1) below zero
    softplus,      ///< log(1 + e^x)
    mish,          ///< x tanh(log(1 + e^x)) (Misra, 2019)
  };
  Kind kind = Kind::relu;
  float alpha = 0.0F;  ///< see kind; 0 where it is not named there
  float beta = 0.0F;
  std::string spelling = {};  ///< what the file calls it where that is not its kind's name: "PReLU"; not compared
  friend bool operator==(const Activation& a, const Activation& b) {
    return a.kind == b.kind && a.alpha == b.alpha && a.beta == b.beta;
  }
};

/// The function's value, accurate to a few units in the last place. Thread-safe.
double activate(const Activation& activation, double x);

/// "ReLU", "LeakyReLU", "SiLU", ...: as users know it.
std::string activation_name(const Activation& activation);

}  // namespace obscura::nn
