"""The services of a certificate's life: they call the rules inside a unit of work and store what they decide."""
