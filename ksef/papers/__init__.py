"""Any document of KSeF as a labelled tree: FA(3), FA(2), FA_RR(1) and UPO, every element of it."""
