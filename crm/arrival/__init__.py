"""Those who come by the company's own link: address, code, and a person's answer."""
