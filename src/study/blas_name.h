#pragma once

#include <string>

namespace obscura::study {

/// The BLAS that is loaded, as folder and file ("openblas-pthread/libblas.so.3"): it decides how fast training is.
std::string blas_name();

}  // namespace obscura::study
