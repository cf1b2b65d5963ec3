#pragma once

#include <string>
#include <vector>

namespace obscura::security {

/// What lattice reduction with blocks of b dimensions costs in a lattice of d dimensions.
///
/// The first three count one search for a shortest vector in one block and nothing else ("core-SVP"): a lower bound of
/// every attack that reduces lattices by sieving. The others count whole reductions.
enum class Model {
  core_classical,   ///< 2^(0.292 b): Alkim, Ducas, Poeppelmann, Schwabe, USENIX Security 2016, by BDGL sieving
  core_quantum,     ///< 2^(0.265 b): the same with Grover's search inside (Laarhoven's thesis, 2015)
  core_walks,       ///< 2^(0.257 b): with quantum walks (Chailloux, Loyer, ASIACRYPT 2021)
  sieve_classical,  ///< 8 d 2^(0.292 b + 16.4): Becker, Ducas, Gama, Laarhoven, SODA 2016, as the tables count it
  sieve_quantum,    ///< 8 d 2^(0.265 b + 16.4)
  matzov,  ///< gates of progressive sieving, with dimensions for free (Ducas, EUROCRYPT 2018) and the fit to Albrecht,
           ///< Gheorghiu, Postlethwaite, Schanck (ASIACRYPT 2020) as corrected by MATZOV (2022)
};

/// All of them, in that order.
const std::vector<Model>& all_models();

/// "core-classical", ...: in JSON and for people.
std::string to_string(Model model);
/// "2^(0.292 b)": what it counts.
std::string formula(Model model);
/// Whether the attacker has a quantum computer.
bool is_quantum(Model model);

/// log2 of the root Hermite factor that blocks of b dimensions reach: Chen's limit (thesis, 2013) from 40 dimensions
/// on, measured values below.
double log2_root_hermite(double block);

/// log2 of the operations that reduce d dimensions with blocks of b. With b >= d it is one search for a shortest
/// vector.
double reduction_bits(Model model, double block, double dimension);

/// Many short vectors from one reduced basis, by a last sieve.
struct ShortVectors {
  double log2_stretch = 0;  ///< how much longer they are than the shortest vector of the reduced basis
  double bits = 0;          ///< log2 of the operations, the reduction included
  double sieve = 0;         ///< dimension of that sieve
};

/// `log2_count` short vectors. In `matzov` the sieve is as large as the reduction has time for (Guo, Johansson,
/// ASIACRYPT 2021), in the others of b dimensions.
ShortVectors short_vectors(Model model, double block, double dimension, double log2_count);

}  // namespace obscura::security
