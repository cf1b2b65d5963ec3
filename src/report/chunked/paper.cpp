#include "report/chunked/sections.h"

namespace obscura::report {

std::string chunked_citation() {
  return "H. Jia, D. Cai, J. Yang et al.: Efficient and privacy-preserving image "
         "classification using homomorphic encryption and chunk-based convolutional neural network. Journal of Cloud "
         "Computing 12, 175 (2023), doi 10.1186/s13677-023-00537-0";
}

std::vector<std::string> chunked_remarks() {
  return {
      "Chunks are 28x28 in the methods, 28x26 in the results and the summary. 28x28 cuts a picture of 112x112 into 16; "
      "26 does not divide 112, and what happens to the 8 pixels that are left is not said. Here: 28x28.",
      "A chunk is encrypted if \"the segment's gradient value\" is above 100; whether that is the mean or the maximum "
      "over its pixels is not said. Here: the mean, because the maximum selects nearly every chunk.",
      "How the results of the chunks become one class is not stated; mean, concatenation and vote are compared above.",
      "Equation 8, E(m) = (m + r) mod q, is called a simplified form of CKKS. It is masking by a random number; in "
      "CKKS "
      "a ciphertext is two polynomials, and products of ciphertexts are what makes it homomorphic.",
      "CKKS is spelled out as \"Complex Key-Value Storage\" and as \"Complex-Valued Cheon-Kim-Kim-Song\"; it is named "
      "after Cheon, Kim, Kim and Song.",
      "The network is said to be \"retrained with the encrypted training set\". No gradient, loss or optimiser step on "
      "ciphertexts is described; here training is on plain pictures, and classification alone is encrypted.",
      "\"The overall classification accuracy after encryption has significantly improved\": encryption adds small "
      "errors to logits and knows no labels. The two networks also differ (ReLU and pools, squares) and were trained "
      "apart, which is where a difference can come from.",
      "The network for plain pictures has one convolution and no pool in the methods, two of each in the results. Here "
      "it is the latter.",
      "The activation of the encrypted network is a square (equation 9), while section and figure 4 of the chunked "
      "network have ReLU, which CKKS has no operation for. Here both are trained and only squares are encrypted.",
      "The loss of equation 10 is that of two classes; there are six. Here: cross-entropy over six.",
      "Feature maps are not counted in the text; 256 inputs of the first dense layer fit 4 maps of 8x8, a 7x7 "
      "convolution with stride 3 on 28x28. Here: these.",
      "Table 3 compares accuracies with works on cancer genomes and on other picture sets: they are not comparable, "
      "and the table here compares networks and policies on the same pictures instead.",
      "Processor, library, parameters, division of the data, seeds and number of runs are not given. Neither is what "
      "chunks in the clear, and the map of which they are, give away.",
  };
}

}  // namespace obscura::report
