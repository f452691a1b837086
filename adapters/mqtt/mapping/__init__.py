"""What a device's message means, told by YAML: a closed language, pure, without a clock."""
